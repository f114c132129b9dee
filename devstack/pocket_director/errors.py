# SPDX-License-Identifier: Apache-2.0
"""The errors of a BOSH director, with its codes and HTTP statuses."""

from cf_openstack import exceptions

_HTTP_STATUS = {
    10000: 404, 10001: 200, 30005: 404, 30006: 404, 50003: 404,
    70000: 404, 70001: 404, 70009: 404, 90000: 422, 100002: 404,
    440012: 404, 440013: 412, 500000: 500, 500001: 500, 600000: 401,
    810000: 404,
}


class DirectorError(exceptions.CfOpenStackError):
    """What a client reads as ``{"code": …, "description": …}``.

    Within a task it becomes the last line of the event stream.

    :param code: the director's number for the error; 100 is any error
        that is not the director's own, every CPI error included.
    :param message: the text a person reads.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def http_status(self) -> int:
        """Status of an answer that carries this error."""
        return _HTTP_STATUS.get(self.code, 400)


class PlainTextError(exceptions.CfOpenStackError):
    """An answer in plain text, without a code.

    :param status: the HTTP status.
    :param message: the body.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class TaskCancelled(DirectorError):
    """Raised at a checkpoint of a task that somebody cancelled."""

    def __init__(self, task_id: int) -> None:
        super().__init__(10001, f'Task {task_id} cancelled')


class CpiError(DirectorError):
    """A CPI call that failed.

    :param kind: the CPI's error type, such as ``Bosh::Clouds::CloudError``.
    :param message: the whole text, with method and request id.
    :param ok_to_retry: what the CPI said of trying again.
    """

    def __init__(self, kind: str, message: str,
                 ok_to_retry: bool = False) -> None:
        super().__init__(100, message)
        self.kind = kind
        self.ok_to_retry = ok_to_retry


class CommandError(exceptions.CfOpenStackError):
    """The pocket director could not be started, or found."""
