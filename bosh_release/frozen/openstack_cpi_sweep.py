# SPDX-License-Identifier: Apache-2.0
"""The program that is frozen: what finds leftovers of killed calls."""

from cf_openstack.leftovers import command

command.run()
