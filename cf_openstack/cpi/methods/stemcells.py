# SPDX-License-Identifier: Apache-2.0
"""create_stemcell and delete_stemcell."""

import logging
from typing import Any

from cf_openstack.cloud import errors as cloud_errors
from cf_openstack.cloud import naming
from cf_openstack.cpi import arguments
from cf_openstack.cpi import calls
from cf_openstack.cpi import errors
from cf_openstack.stemcell import properties as image_properties

LOG = logging.getLogger(__name__)

# Attributes of every image, which a tag of the same name would overwrite.
_RESERVED = frozenset((
    'checksum', 'container_format', 'created_at', 'direct_url',
    'disk_format', 'file', 'id', 'locations', 'min_disk', 'min_ram', 'name',
    'os_hash_algo', 'os_hash_value', 'os_hidden', 'owner', 'protected',
    'schema', 'self', 'size', 'status', 'stores', 'tags', 'updated_at',
    'virtual_size', 'visibility',
))


def create_stemcell(
    call: calls.Call, image_path: Any, cloud_properties: Any, env: Any = None
) -> str:
    """Make an image of a heavy stemcell, or check that of a light one.

    :param image_path: the stemcell's ``image``: a gzip-compressed tar
        archive with root.img.
    :param cloud_properties: those of the stemcell's manifest; with
        ``image_id`` it is light.
    :param env: from version 3 on ``{"tags": {...}}``.
    :returns: the image id, with `` light`` behind it for a light one.
    """
    properties = arguments.hash_('cloud_properties', cloud_properties)
    if properties.get('image_id') is not None:
        return _light(call, properties['image_id'])
    path = arguments.string('image_path', image_path)
    tags = arguments.hash_(
        'tags', arguments.hash_('env', env).get('tags'))
    return _heavy(call, path, properties, tags)


def delete_stemcell(call: calls.Call, stemcell_cid: Any) -> None:
    """Delete the image of a heavy stemcell; absent is deleted.

    The image of a light stemcell is not ours.
    """
    image_id = arguments.image_id('stemcell_cid', stemcell_cid)
    if stemcell_cid.endswith(arguments.LIGHT_SUFFIX):
        LOG.info("Image `%s' of a light stemcell stays", image_id)
        return
    call.cloud.image.delete_image(image_id)


def _light(call: calls.Call, image_id: Any) -> str:
    cid = arguments.cid('cloud_properties.image_id', image_id)
    try:
        active = call.cloud.image.get_image(cid).status == 'active'
    except cloud_errors.API_ERRORS as exc:
        if not cloud_errors.is_not_found(exc):
            raise
        active = False
    if not active:
        raise errors.CloudError(
            f"No active image with id '{cid}' referenced by light stemcell "
            'found in OpenStack.')
    return f'{cid}{arguments.LIGHT_SUFFIX}'


def _heavy(
    call: calls.Call,
    path: str,
    properties: dict[str, Any],
    tags: dict[str, Any],
) -> str:
    # Only here: it takes time to import and no other method needs it.
    from cf_openstack.stemcell import errors as stemcell_errors

    for key in ('name', 'version'):
        if not properties.get(key):
            raise errors.InvalidCall(
                f"Invalid stemcell cloud properties: '{key}' is missing")
    try:
        return _upload(call, path, properties, tags)
    except stemcell_errors.UploadInterrupted as exc:
        # No director repeats create_stemcell, and a stream cannot be sent
        # again where it broke off.
        LOG.warning('%s Beginning anew', exc.message)
    return _upload(call, path, properties, tags)


def _upload(
    call: calls.Call,
    path: str,
    properties: dict[str, Any],
    tags: dict[str, Any],
) -> str:
    from cf_openstack.stemcell import glance
    from cf_openstack.stemcell import root_image

    origin = call.origin()
    try:
        with open(path, 'rb') as file:
            image = root_image.open_root_image(file)
            return glance.upload(
                call.cloud,
                name=f"{properties['name']}/{properties['version']}",
                reader=image,
                size=image.size,
                disk_format=_disk_format(properties, image.disk_format),
                container_format=properties.get(
                    'container_format') or 'bare',
                visibility='public'
                if call.config.stemcell_public_visibility else 'private',
                properties=_image_properties(properties, tags, origin),
                tags=origin.tags(),
                timeout=call.config.state_timeout,
            )
    except OSError as exc:
        raise errors.CloudError(
            f"Extracting stemcell root image failed: '{path}' cannot be "
            f'read: {exc.strerror or exc}') from exc


def _disk_format(properties: dict[str, Any], sniffed: str) -> str:
    named = properties.get('disk_format')
    if named is None or named == sniffed:
        return sniffed
    raise errors.CloudError(
        f"The stemcell's manifest says disk_format '{named}', but its image "
        f"is '{sniffed}'. Correct cloud_properties.disk_format in "
        'stemcell.MF, or take the stemcell built for this format.')


def _image_properties(
    properties: dict[str, Any],
    tags: dict[str, Any],
    origin: naming.Origin,
) -> dict[str, str]:
    found = naming.stringify(tags)
    for key in _RESERVED & found.keys():
        LOG.warning("The tag `%s' is no property an image can have", key)
        del found[key]
    found.update(naming.stringify(
        image_properties.from_cloud_properties(properties)))
    found.update(origin.metadata())
    return found
