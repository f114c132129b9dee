# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a stemcell and an image in Glance."""

from cf_openstack import exceptions


class StemcellError(exceptions.CfOpenStackError):
    """Base of all errors of this package."""

    msg_fmt = 'The stemcell cannot be used: %(reason)s'


class ArchiveInvalid(StemcellError):
    """Something that should be a gzip-compressed tar archive is not one."""

    msg_fmt = '%(archive)s is not a gzip-compressed tar archive: %(reason)s'


class ArchiveDamaged(StemcellError):
    """The archive began well; its data is corrupt further on."""

    msg_fmt = ('%(archive)s is damaged: %(reason)s. Fetch or build the '
               'stemcell anew.')


class ArchiveTruncated(StemcellError):
    """The archive ends before its end."""

    msg_fmt = ('%(archive)s is truncated: it ended after %(size)d '
               'uncompressed bytes. Fetch the stemcell anew.')


class TooLarge(StemcellError):
    """A size limit was crossed; reading stopped there."""

    msg_fmt = ('%(what)s is too large: more than the %(limit)d bytes that '
               'are allowed.')


class Bomb(StemcellError):
    """An archive that expands to far more than it is."""

    msg_fmt = ('%(what)s is refused: %(read)d bytes of it expand to more '
               'than %(size)d, as no stemcell does.')


class RootImageMissing(StemcellError):
    """The stemcell's ``image`` holds no ``root.img``."""

    msg_fmt = 'Root image is missing from stemcell archive'


class ImageMissing(StemcellError):
    """The stemcell holds no ``image``."""

    msg_fmt = ('%(archive)s has no member "image": it is not a BOSH '
               'stemcell.')


class ImageEmpty(StemcellError):
    """The stemcell's ``image`` is an empty file, as in a light stemcell."""

    msg_fmt = ('%(archive)s is a light stemcell%(image)s: it has no disk '
               'image to upload. Name the Glance image itself (property '
               '"image") instead of the location of the tarball.')


class ManifestMissing(StemcellError):
    """The stemcell holds no ``stemcell.MF``."""

    msg_fmt = ('%(archive)s has no member "stemcell.MF": it is not a BOSH '
               'stemcell.')


class ManifestInvalid(StemcellError):
    """``stemcell.MF`` cannot be read or contradicts the image."""

    msg_fmt = 'stemcell.MF is not valid: %(reason)s'


class ChecksumInvalid(StemcellError):
    """What was given as a checksum is none."""

    msg_fmt = ('"%(checksum)s" is not a checksum: sha1:<40 hex digits>, '
               'sha256:<64>, sha512:<128>, a bare SHA-1, or several of '
               'them joined by ";".')


class ChecksumMismatch(StemcellError):
    """The bytes are not those that were promised."""

    msg_fmt = ('The checksum of %(what)s differs: expected %(expected)s, '
               'computed %(computed)s.')


class ReadFailed(StemcellError):
    """The source of the bytes failed in the middle of an upload."""

    msg_fmt = ('Reading the data of image "%(name)s" failed after %(done)d '
               'of %(size)d bytes: %(reason)s')


class UploadFailed(StemcellError):
    """Glance refused the image or lost it."""

    msg_fmt = 'Image "%(name)s" could not be %(step)s in Glance: %(reason)s'


class UploadInterrupted(UploadFailed):
    """Glance, or the way to it, failed in a way that may pass.

    Nothing is left; an upload that is begun anew may succeed.
    """


class UploadCancelled(StemcellError):
    """The caller asked for the end of the upload."""

    msg_fmt = ('The upload of image "%(name)s" was cancelled after %(done)d '
               'of %(size)d bytes.')


class ImageLeftBehind(StemcellError):
    """An upload failed and the clean-up after it failed too."""

    msg_fmt = ('%(error)s The image %(image_id)s that was made for it could '
               'not be removed (%(reason)s): delete it by hand.')


class LocationRefused(StemcellError):
    """A location that is not fetched on principle."""

    msg_fmt = 'The location %(location)s is refused: %(reason)s'


class DownloadFailed(StemcellError):
    """A location could not be fetched."""

    msg_fmt = 'Fetching %(location)s failed: %(reason)s'
