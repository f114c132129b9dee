# SPDX-License-Identifier: Apache-2.0
"""Unit tests.  What hypothesis generates here is not timed.

How long an example takes, and how long hypothesis takes to make its tables
of characters in a fresh clone, says something about the machine alone.
"""

import hypothesis

hypothesis.settings.register_profile(
    'project', deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile('project')
