"""Python face of packet/layers, packet/dependency and packet/vp8."""

from libc.stdint cimport uint8_t
from libc.string cimport memset

from fastsfu._native.packet.codec cimport Codec
from fastsfu._native.packet.dependency cimport (
    DependencyFrame, DependencyTemplates, dependency_attach, dependency_read)
from fastsfu._native.packet.layers cimport (
    PacketLayers, codec_read_layers, layer_next, layers_wanted)
from fastsfu._native.packet.vp8 cimport Vp8Descriptor, vp8_height, vp8_parse, vp8_write

from tests.native.faces.exact cimport exact, free


cdef class Templates:
    """What one stream last sent of the dependency structure."""
    cdef DependencyTemplates templates

    def __init__(self):
        memset(&self.templates, 0, sizeof(DependencyTemplates))

    def read(self, bytes descriptor):
        """The frame as a dict, or None."""
        cdef DependencyFrame frame
        cdef uint8_t* copy = exact(descriptor)
        cdef bint good = dependency_read(
            &self.templates, copy, <uint8_t>len(descriptor), &frame)
        free(copy)
        return frame if good else None

    def attach(self, bytes descriptor, uint8_t capacity=255):
        """The same with the structure; None: too long."""
        cdef uint8_t* copy = exact(descriptor)
        cdef uint8_t* out = exact(bytes(capacity))
        cdef uint8_t size = dependency_attach(
            &self.templates, copy, <uint8_t>len(descriptor), out, capacity)
        found = bytes(out[:size]) if size else None
        free(copy)
        free(out)
        return found

    def layers(self, Codec codec, bytes payload, bytes descriptor):
        """(whether layered, the layers as a dict)."""
        cdef PacketLayers layers
        cdef uint8_t* copy = exact(payload)
        cdef uint8_t* extension = exact(descriptor)
        cdef bint layered = codec_read_layers(
            codec, copy, len(payload), extension, <uint8_t>len(descriptor), &self.templates,
            &layers)
        free(copy)
        free(extension)
        return bool(layered), layers

    @property
    def known(self):
        """(targets, active mask, heights, chains)."""
        return (
            [
                (self.templates.target_spatial[i], self.templates.target_temporal[i])
                for i in range(self.templates.target_count)],
            self.templates.active, list(self.templates.height), self.templates.chain_count)


def wanted(dict layers, uint8_t spatial, uint8_t temporal):
    cdef PacketLayers packet = layers
    return bool(layers_wanted(&packet, spatial, temporal))


def next_layer(uint8_t now, uint8_t aim, uint8_t layer, uint8_t up):
    return layer_next(now, aim, layer, up)


def vp8(bytes payload):
    """The descriptor as a dict, or None."""
    cdef Vp8Descriptor descriptor
    cdef uint8_t* copy = exact(payload)
    cdef bint good = vp8_parse(copy, len(payload), &descriptor)
    free(copy)
    return descriptor if good else None


def vp8_rewritten(bytes payload, picture_id, tl0picidx, keyidx):
    """The payload with these numbers in its descriptor."""
    cdef Vp8Descriptor descriptor
    cdef uint8_t* copy = exact(payload)
    if not vp8_parse(copy, len(payload), &descriptor):
        free(copy)
        raise ValueError("malformed")
    descriptor.picture_id = picture_id
    descriptor.tl0picidx = tl0picidx
    descriptor.keyidx = keyidx
    vp8_write(copy, &descriptor)
    written = copy[:len(payload)]
    free(copy)
    return written


def picture_height(bytes payload):
    cdef uint8_t* copy = exact(payload)
    height = vp8_height(copy, len(payload))
    free(copy)
    return height
