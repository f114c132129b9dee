# SPDX-License-Identifier: Apache-2.0
"""Light stemcells: a tarball that names an image which is in Glance already.

So one upload to Glance serves any number of directors.
"""

import gzip
import hashlib
import io
import tarfile

from cf_openstack.manifest import document
from cf_openstack.stemcell import description
from cf_openstack.stemcell import tarball

FORMAT = 'openstack-light'

# The protocol of the agent in every stemcell of today; see bosh.io.
_BOSH_PROTOCOL = 1


def build(*, name: str, version: str, operating_system: str,
          api_version: int | None, image_id: str) -> bytes:
    """Make a light stemcell that a director takes for a heavy one.

    :param name: of the stemcell that the image was made of.
    :param image_id: the image in Glance.
    :returns: the ``.tgz``; the same bytes for the same arguments.
    """
    manifest = {
        'name': name,
        'version': version,
        'bosh_protocol': _BOSH_PROTOCOL,
        # of the member "image", which is empty
        'sha1': hashlib.sha1(b'', usedforsecurity=False).hexdigest(),
        'operating_system': operating_system,
        'stemcell_formats': [FORMAT],
        'cloud_properties': {
            'name': name,
            'version': version,
            'infrastructure': 'openstack',
            'hypervisor': 'kvm',
            'image_id': image_id,
        },
    }
    if api_version is not None:
        manifest['api_version'] = api_version
    text = '---\n' + document.dump(manifest)
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode='w',
                      format=tarfile.USTAR_FORMAT) as tar:
        for member, content in ((description.MEMBER, text.encode()),
                                (tarball.IMAGE, b'')):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)
