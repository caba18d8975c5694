import ApusTensor

extension OutputFile {
    /// Writes a tensor's elements, little-endian and row-major.
    package func write(_ tensor: Tensor) throws {
        let buffer = tensor.buffer
        try withExtendedLifetime(buffer) {
            try write(UnsafeRawBufferPointer(start: buffer.pointer, count: tensor.node.type.byteCount))
        }
    }
}
