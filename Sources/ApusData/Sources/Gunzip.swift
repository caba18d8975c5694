import CZlib
import Foundation

func isGzip(_ data: Data) -> Bool { data.starts(with: [0x1F, 0x8B]) }

/// The contents of gzipped bytes, of all members one after another.
func gunzip(_ data: Data, limit: Int = 1 << 32) throws -> Data {
    let name = "gzip data"
    var stream = z_stream()
    let gzipWindow: Int32 = 15 + 16
    guard inflateInit2_(&stream, gzipWindow, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
        throw DataError(.toolFailed, name, "zlib can't be started")
    }
    defer { inflateEnd(&stream) }

    let input = [UInt8](data)
    var output = Data()
    var block = [UInt8](repeating: 0, count: 1 << 18)
    try input.withUnsafeBufferPointer { input in
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.avail_in = uInt(input.count)
        while true {
            let (status, produced) = block.withUnsafeMutableBufferPointer { block -> (Int32, Int) in
                stream.next_out = block.baseAddress
                stream.avail_out = uInt(block.count)
                let status = inflate(&stream, Z_NO_FLUSH)
                return (status, block.count - Int(stream.avail_out))
            }
            output.append(contentsOf: block[..<produced])
            if output.count > limit { throw DataError(.tooLarge, name, "unpacks to over \(limit) bytes") }
            switch status {
            case Z_STREAM_END:
                if stream.avail_in == 0 { return }
                inflateReset(&stream)
            case Z_OK: continue
            case Z_BUF_ERROR:
                throw DataError(.truncated, name, "the gzip file ends too early", remedy: "Fetch or copy it again")
            default:
                let message = stream.msg.map { String(cString: $0) } ?? "code \(status)"
                throw DataError(
                    .corrupt, name, "the gzip file is broken (\(message))", remedy: "Fetch or copy it again")
            }
        }
    }
    return output
}
