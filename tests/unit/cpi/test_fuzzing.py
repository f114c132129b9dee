# SPDX-License-Identifier: Apache-2.0
"""Whatever is asked, one true reply goes out and no secret with it."""

import io
import json
import os
import re
import tarfile
from typing import Any

import ddt
import hypothesis
from hypothesis import strategies as st
import requests_mock
import yaml

from cf_openstack.cpi import config
from cf_openstack.cpi import errors
from cf_openstack.cpi import registry
from cf_openstack.cpi import vm_properties
from tests.unit.cpi import base
from tests.unit.cpi import fake_cloud
from tests.unit.cpi import grammar

TYPES = {
    'InvalidCall', 'Bosh::Clouds::NotSupported',
    'Bosh::Clouds::NotImplemented', 'Bosh::Clouds::CloudError',
    'Bosh::Clouds::VMNotFound', 'Bosh::Clouds::DiskNotFound',
    'Bosh::Clouds::NetworkNotFound', 'Bosh::Clouds::VMCreationFailed',
    'Bosh::Clouds::DiskNotAttached',
}
RETRIABLE = {
    'Bosh::Clouds::VMCreationFailed', 'Bosh::Clouds::DiskNotFound',
    'Bosh::Clouds::DiskNotAttached',
}
#: Types by the specification where upstream has it so.
UNKNOWN = ('Missing VM cloud properties: ', 'Unable to meet requested VM ')
SECRETS = (
    'pw-secret', 'mbus-secret', 'env-secret', 'key-secret', 'ctx-secret',
    'tok-secret')
#: The same examples at each run: what fails once fails again.  They are
#: small enough to be understood without being made smaller.
SETTINGS = hypothesis.settings(
    deadline=None, database=None, derandomize=True,
    phases=(hypothesis.Phase.generate,), report_multiple_bugs=False,
    suppress_health_check=list(hypothesis.HealthCheck))
EXAMPLES = int(os.environ.get('CPI_FUZZ_EXAMPLES', '10'))


@ddt.ddt
class TestRequests(base.CpiTestCase):
    """Requests of every method that are nearly right."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(base.FakeClock())
        self._config = self.write_config()
        self._image = os.path.join(self.temp_dir, 'image')
        with tarfile.open(self._image, 'w:gz') as archive:
            member = tarfile.TarInfo('root.img')
            member.size = 5000
            archive.addfile(member, io.BytesIO(b'QFI\xfb' + b'\0' * 5000))

    @ddt.data(*sorted(registry.KNOWN))
    def test_method(self, method):
        @hypothesis.settings(
            SETTINGS,
            max_examples=EXAMPLES * (5 if method == 'create_vm' else 1))
        @hypothesis.given(grammar.request(self._image, method))
        def check(request: dict[str, Any]) -> None:
            self._check(request)

        check()

    def _check(self, request: dict[str, Any]) -> None:
        cloud = fake_cloud.FakeCloud()
        cloud.add_volume(id=grammar.VOLUME_ID, size=1, name='volume-x')
        cloud.servers[grammar.SERVER_ID] = {
            'id': grammar.SERVER_ID, 'name': 'vm-x', 'status': 'ACTIVE',
            'metadata': {}, 'OS-EXT-AZ:availability_zone': 'az1',
            'OS-EXT-STS:task_state': None,
            'os-extended-volumes:volumes_attached': [],
            'flavor': {'original_name': 'm1.small', 'ephemeral': 0,
                       'swap': 0},
        }
        before = cloud.leftovers()
        self._stderr.seek(0)
        self._stderr.truncate()
        with requests_mock.Mocker() as mocker:
            cloud.serve(mocker)
            mocker.get(re.compile('http://169.254.169.254/'), json={
                'uuid': grammar.SERVER_ID})
            reply = self.respond(json.dumps(request).encode(), self._config)
        error = reply['error']
        if error is not None:
            self._check_error(error, reply)
            if not request['method'].startswith(('delete', 'update')):
                self.assertEqual(before, cloud.leftovers())
        for text in (json.dumps(reply), self.log()):
            for secret in SECRETS:
                self.assertNotIn(secret, text)

    def _check_error(
        self, error: dict[str, Any], reply: dict[str, Any]
    ) -> None:
        self.assertIsNone(reply['result'])
        self.assertNotEqual('', error['message'])
        if not error['message'].startswith(UNKNOWN):
            self.assertIn(error['type'], TYPES, reply['log'])
            self.assertNotIn('Traceback', reply['log'])
        if error['ok_to_retry']:
            self.assertIn(error['type'], RETRIABLE)


class TestAnything(base.CpiTestCase):
    """Requests that are nothing much."""

    def test_bytes(self):
        @hypothesis.settings(SETTINGS, max_examples=100)
        @hypothesis.given(st.binary(max_size=200) | st.builds(
            lambda head, tail: head + tail,
            st.sampled_from([
                b'{"method": "info", ', b'{', b'[', b'"', b'{"method":',
                b'\xef\xbb\xbf', b'\xff\xfe']),
            st.binary(max_size=50)))
        def check(raw: bytes) -> None:
            self._check(raw)

        check()

    def test_json(self):
        key = st.sampled_from(
            ['method', 'arguments', 'context', 'api_version'])
        value = st.sampled_from([*sorted(registry.KNOWN), [], {}, {
            'director_uuid': 'd'}]) | grammar.ANY_JSON

        @hypothesis.settings(SETTINGS, max_examples=150)
        @hypothesis.given(grammar.ANY_JSON | st.dictionaries(
            key, value, max_size=4))
        def check(document: Any) -> None:
            self._check(json.dumps(document).encode())

        check()

    def _check(self, raw: bytes) -> None:
        error = self.respond(raw)['error']
        if error is not None:
            self.assertIn(error['type'], {
                'InvalidCall', 'Bosh::Clouds::NotImplemented'})


class TestConfiguration(base.CpiTestCase):
    """Configurations, right and wrong."""

    def _load(
        self, text: str, context: dict[str, Any] | None = None
    ) -> config.Config | errors.BoshError:
        path = os.path.join(self.temp_dir, 'any')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        try:
            return config.load(path, context or {})
        except errors.BoshError as exc:
            return exc

    def test_any_text(self):
        yaml_like = st.text(
            st.sampled_from('{}[]:,-?&*!|>\'"%@`#\t\n aA01.~=<'),
            max_size=30)

        @hypothesis.settings(SETTINGS, max_examples=300)
        @hypothesis.given(yaml_like | st.text(
            st.characters(exclude_categories=('Cs',)), max_size=20))
        def check(text: str) -> None:
            found = self._load(text)
            self.assertIsInstance(
                found, errors.InvalidCall | errors.Unknown)

        check()

    def test_any_document(self):
        @hypothesis.settings(SETTINGS, max_examples=100)
        @hypothesis.given(
            grammar.mutated(grammar.FILE),
            st.sampled_from([json.dumps, yaml.safe_dump]))
        def check(document: Any, dump: Any) -> None:
            found = self._load(dump(document))
            if isinstance(found, errors.Unknown):
                self.assertEqual(
                    'Could not find cloud properties in the configuration',
                    found.message)
            else:
                self.assertIsInstance(
                    found, config.Config | errors.InvalidCall)

        check()

    def test_one_value_of_any_type(self):
        """Either it is taken or the message names its key."""
        keys = sorted(set(config.PROPERTIES.kinds) | {'registry', 'x'})

        @hypothesis.settings(SETTINGS, max_examples=300)
        @hypothesis.given(
            st.sampled_from(keys), grammar.ANY_JSON, st.booleans())
        def check(key: str, value: Any, in_context: bool) -> None:
            ours = base.OPENSTACK | ({} if in_context else {key: value})
            found = self._load(
                json.dumps({'cloud': {'properties': {'openstack': ours}}}),
                {key: value} if in_context else {})
            if isinstance(found, errors.BoshError):
                self.assertIsInstance(found, errors.InvalidCall)
                self.assertIn(key, found.message)
                self.assertNotIn('pw-secret', found.message)

        check()

    def test_connection_options_of_any_type(self):
        @hypothesis.settings(SETTINGS, max_examples=100)
        @hypothesis.given(
            st.sampled_from(sorted(config.CONNECTION_OPTIONS.kinds)),
            grammar.ANY_JSON)
        def check(key: str, value: Any) -> None:
            found = self._load(json.dumps({'cloud': {'properties': {
                'openstack': base.OPENSTACK | {
                    'connection_options': {key: value}}}}}))
            if isinstance(found, errors.BoshError):
                self.assertIsInstance(found, errors.InvalidCall)
                self.assertIn(f"'connection_options.{key}'", found.message)

        check()


class TestCloudProperties(base.CpiTestCase):

    def test_one_value_of_any_type(self):
        """Either it is taken or the message names its key."""
        settings = config.load(self.write_config(), {})

        @hypothesis.settings(SETTINGS, max_examples=300)
        @hypothesis.given(
            st.sampled_from([
                *sorted(vm_properties.PROPERTIES.kinds), 'root_disk.size',
                'root_disk.type', 'unheard-of']), grammar.ANY_JSON)
        def check(key: str, value: Any) -> None:
            outer, _dot, inner = key.partition('.')
            properties = {outer: {inner: value} if inner else value}
            try:
                vm_properties.parse_argument(
                    {'instance_type': 'm1.small'} | properties, settings)
            except errors.InvalidCall as exc:
                # "Minimum root_disk size is 1 GiB"
                self.assertIn(outer, exc.message)
            except errors.CloudError as exc:
                self.assertEqual('availability_zones', key)
                self.assertIn('multiple azs', exc.message)
            else:
                self.assertNotEqual('unheard-of', key)

        check()
