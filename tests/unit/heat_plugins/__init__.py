# SPDX-License-Identifier: Apache-2.0
"""Tests of the Heat resource types, on the test classes of Heat's wheel."""

from oslo_service import backend

# Heat's modules would choose the eventlet backend at import, and its test
# modules the threading one.
backend.init_backend(backend.BackendType.THREADING)
