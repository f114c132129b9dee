# SPDX-License-Identifier: Apache-2.0
"""Render the job's templates by Ruby, as a director does."""

import json
import pathlib
import shutil
import subprocess
from typing import Any

from oslotest import base
import yaml

from bosh_release import jobs

JOB = jobs.FOLDER / jobs.JOB
_SCRIPT = pathlib.Path(__file__).with_name('render.rb')


class RenderError(Exception):
    """The template has raised."""


def spec() -> dict[str, Any]:
    """The job's specification."""
    return yaml.safe_load((JOB / 'spec').read_text())


class Renderer:
    """One Ruby process that renders whatever it is told to.

    :raises AssertionError: there is no Ruby.
    """

    def __init__(self) -> None:
        ruby = shutil.which('ruby')
        if ruby is None:
            raise AssertionError(
                'BOSH renders the templates of jobs by Ruby, and there is '
                'none here. On Debian and Ubuntu, run "apt-get install '
                'ruby".')
        self._defaults = {
            name: property_.get('default')
            for name, property_ in spec()['properties'].items()}
        self._ruby = subprocess.Popen(
            [ruby, str(_SCRIPT)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env={'LC_ALL': 'C', 'PATH': '/bin'})

    def render(self, template: str, properties: dict[str, Any]) -> str:
        """Render one of the job's templates.

        :raises RenderError: the template refuses the properties.
        """
        self._ruby.stdin.write(json.dumps({
            'template': str(JOB / 'templates' / template),
            'defaults': self._defaults,
            'properties': properties}).encode() + b'\n')
        self._ruby.stdin.flush()
        answer = json.loads(self._ruby.stdout.readline())
        if 'error' in answer:
            raise RenderError(answer['error'])
        return answer['text']

    def close(self) -> None:
        """End the process."""
        self._ruby.stdin.close()
        self._ruby.wait()
        self._ruby.stdout.close()


class RenderingTestCase(base.BaseTestCase):
    """Has a renderer, which takes a while to start and keeps no state."""

    renderer: Renderer

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.renderer = Renderer()
        cls.addClassCleanup(cls.renderer.close)

    def cpi_json(self, **properties: Any) -> dict[str, Any]:
        """The properties of the rendered config/cpi.json."""
        document = json.loads(
            self.renderer.render('cpi.json.erb', properties))
        self.assertEqual({'cloud'}, set(document))
        self.assertEqual('openstack', document['cloud']['plugin'])
        return document['cloud']['properties']

    def refusal(self, **properties: Any) -> str:
        """Why the template config/cpi.json refuses properties."""
        try:
            text = self.renderer.render('cpi.json.erb', properties)
        except RenderError as exc:
            return str(exc)
        self.fail(f'It was rendered: {text}')
