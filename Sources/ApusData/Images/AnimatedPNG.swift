import CZlib
import Foundation

/// Pictures that follow each other, as an animated PNG: browsers play it, and what knows only PNG shows the first picture.
///
/// Reference: W3C, “Portable Network Graphics (PNG) Specification (Third Edition)”, 2025, section 11.3.6.
public struct AnimatedPNG: Sendable {
    /// All of one size and number of channels.
    public var frames: [Image]
    /// How long each is shown.
    public var secondsPerFrame: Double
    /// How often all are shown; 0 for ever.
    public var repeats: Int
    /// How long the last one is shown besides, so that one sees how it ended.
    public var lastFrameSeconds: Double

    public init(_ frames: [Image], secondsPerFrame: Double, repeats: Int = 0, lastFrameSeconds: Double = 0) {
        precondition(!frames.isEmpty, "AnimatedPNG: there are no frames")
        precondition(
            frames.allSatisfy {
                ($0.width, $0.height, $0.channels) == (frames[0].width, frames[0].height, frames[0].channels)
            }, "AnimatedPNG: the frames differ in size or channels")
        self.frames = frames
        self.secondsPerFrame = secondsPerFrame
        self.repeats = repeats
        self.lastFrameSeconds = lastFrameSeconds
    }

    /// The file's bytes. Every frame is what libpng makes of it, its data in new chunks.
    public func data() throws -> Data {
        var file = Data(PNG.signature)
        var sequence: UInt32 = 0
        for (index, frame) in frames.enumerated() {
            let chunks = Self.chunks(of: try PNG.encode(frame))
            if index == 0 {
                file.append(Self.chunk("IHDR", chunks.first { $0.type == "IHDR" }!.body))
                file.append(Self.chunk("acTL", Self.bytes(UInt32(frames.count)) + Self.bytes(UInt32(repeats))))
            }
            file.append(Self.chunk("fcTL", control(index, sequence)))
            sequence += 1
            for data in chunks where data.type == "IDAT" {
                if index == 0 {
                    file.append(Self.chunk("IDAT", data.body))
                } else {
                    file.append(Self.chunk("fdAT", Self.bytes(sequence) + data.body))
                    sequence += 1
                }
            }
        }
        file.append(Self.chunk("IEND", Data()))
        return file
    }

    /// Number, size, place, delay as a fraction, and how the frame replaces the one before: whole.
    private func control(_ index: Int, _ sequence: UInt32) -> Data {
        let seconds = secondsPerFrame + (index == frames.count - 1 ? lastFrameSeconds : 0)
        let milliseconds = UInt16(min(Double(UInt16.max), (seconds * 1000).rounded()))
        let numbers = [sequence, UInt32(frames[0].width), UInt32(frames[0].height), 0, 0]
        return numbers.reduce(into: Data()) { $0 += Self.bytes($1) } + Self.bytes(milliseconds)
            + Self.bytes(UInt16(1000)) + Data([0, 0])
    }

    private static func bytes(_ value: some FixedWidthInteger) -> Data {
        withUnsafeBytes(of: value.bigEndian) { Data($0) }
    }

    private static func chunk(_ type: String, _ body: Data) -> Data {
        let content = Data(type.utf8) + body
        let sum = content.withUnsafeBytes {
            crc32(0, $0.bindMemory(to: UInt8.self).baseAddress, uInt(content.count))
        }
        return bytes(UInt32(body.count)) + content + bytes(UInt32(sum))
    }

    private static func chunks(of png: Data) -> [(type: String, body: Data)] {
        var chunks: [(String, Data)] = []
        var rest = png.dropFirst(PNG.signature.count)
        while rest.count >= 12 {
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            let type = String(decoding: rest.dropFirst(4).prefix(4), as: UTF8.self)
            chunks.append((type, Data(rest.dropFirst(8).prefix(length))))
            rest = rest.dropFirst(12 + length)
        }
        return chunks
    }
}
