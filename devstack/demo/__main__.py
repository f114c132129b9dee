# SPDX-License-Identifier: Apache-2.0
import sys

from devstack.demo import cli

sys.exit(cli.main())
