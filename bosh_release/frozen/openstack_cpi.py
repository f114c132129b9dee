# SPDX-License-Identifier: Apache-2.0
"""The program that is frozen: the CPI's executable."""

from cf_openstack.cpi import cli

cli.main()
