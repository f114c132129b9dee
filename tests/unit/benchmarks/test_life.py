# SPDX-License-Identifier: Apache-2.0

from typing import Any

from oslotest import base

from benchmarks import cpi
from benchmarks import life
from benchmarks import runner
from benchmarks import table
from tests.functional.faults import proxy

RESULTS = {'create_stemcell': 'img', 'create_vm': ['vm-1', {}],
           'create_disk': 'vol', 'has_vm': True}
PLACE = life.Place('/image', {}, 'net', {'ip': '10.0.0.9'}, 'm1')


class FakeCpi(runner.Executable):
    """Has nearly all methods and no cloud."""

    def __init__(self, absent: str, broken: str) -> None:
        self.called: list[str] = []
        self._errors = {
            absent: 'Bosh::Clouds::NotImplemented: no',
            broken: 'Bosh::Clouds::CloudError: broken'}

    def call(
        self, folder: str, method: str, *arguments: Any
    ) -> tuple[Any, runner.Measurement]:
        self.called.append(method)
        error = self._errors.get(method)
        return None if error else RESULTS.get(method), runner.Measurement(
            method, 1.0, 1, 0, 1, error)


class LifeCase(base.BaseTestCase):

    def live(self, absent: str = '', broken: str = '') -> life.Life:
        self.cpi = FakeCpi(absent, broken)
        one = life.Life(self.cpi, PLACE)
        one.run(lambda: '/')
        return one


class TestLife(LifeCase):

    def test_everything(self):
        one = self.live()
        called = self.cpi.called
        self.assertEqual('info', called[0])
        self.assertEqual(
            ['delete_disk', 'delete_vm', 'delete_stemcell'], called[-3:])
        self.assertEqual(
            called, [found.method for found in one.measured])
        self.assertEqual([], [m for m in one.measured if m.error])

    def test_no_vm_comes(self):
        one = self.live(broken='create_vm')
        self.assertEqual('delete_stemcell', self.cpi.called[-1])
        self.assertNotIn('create_disk', self.cpi.called)
        self.assertEqual({'stemcell': 'img'}, one.cids)

    def test_no_reply(self):
        with proxy.Proxy({}) as between:
            result, measured = runner.Executable(
                'echo hello', '', between).call('/', 'info')
        self.assertIsNone(result)
        self.assertIn("No valid reply: b'hello", measured.error)

    def test_help(self):
        self.assertRaises(SystemExit, cpi.main, ['--help'])


class TestTable(LifeCase):

    def _call(self, method: str, requests: int, polls: int = 0,
              error: str | None = None, seconds: float = 2.0
              ) -> runner.Measurement:
        return runner.Measurement(
            method, seconds, requests, polls, 1, error)

    def test_two(self):
        ours = table.Result('ours', [
            self._call('has_vm', 3), self._call('create_vm', 15, 4)], [
            self._call('has_vm', 1), self._call('create_vm', 9, 2)])
        theirs = table.Result('theirs', [
            self._call('has_vm', 2), self._call('create_vm', 16, 2)], [
            self._call('has_vm', 2, seconds=4.0),
            self._call('create_vm', 16, 2)])
        text = table.render([ours, theirs])
        rows = {line.split()[0]: line.split()[1:]
                for line in text.splitlines() if '_vm ' in line}
        self.assertEqual(
            ['3', '3', '1', '1', '2.00', '2.00',
             '2', '2', '1', '2.00', '4.00', '2.0', '2.0'], rows['has_vm'])
        self.assertEqual('11+4', rows['create_vm'][1])
        self.assertEqual('14+2!', rows['create_vm'][6])
        self.assertEqual([], table.over(ours))
        self.assertEqual(['create_vm', 'create_vm'], table.over(theirs))

    def test_what_a_cpi_does_not_have(self):
        one = self.live(absent='get_disks', broken='attach_disk')
        other = self.live(broken='create_vm')
        text = table.render([
            table.Result('a', one.measured, one.measured),
            table.Result('b', other.measured, other.measured)])
        rows = {line.split()[0]: line for line in text.splitlines() if line}
        self.assertIn('no such', rows['get_disks'])
        self.assertIn('failed', rows['attach_disk'])
        self.assertIn('not run', rows['create_disk'])
        self.assertIn('A attach_disk: Bosh::Clouds::CloudError: broken',
                      text)
