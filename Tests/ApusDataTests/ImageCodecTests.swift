import ApusData
import Foundation
import Testing

@Suite struct ImageCodecTests {
    @Test(arguments: [1, 3, 4]) func pngKeepsEveryPixel(channels: Int) throws {
        let image = picture(11, 13, channels)
        #expect(try Image(decoding: image.pngData()) == image)
    }

    @Test func incompressiblePNGFitsItsBuffer() throws {
        var state: UInt64 = 1
        let noise = (0..<(301 * 257 * 3)).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        let image = Image(width: 257, height: 301, channels: 3, pixels: noise)
        #expect(try Image(decoding: image.pngData()) == image)
    }

    @Test(arguments: [("rgb.png", 3), ("gray.png", 1), ("rgba.png", 4)])
    func readsPNGFiles(name: String, channels: Int) throws {
        #expect(try Image(contentsOf: Golden.file(name)) == picture(11, 13, channels))
    }

    /// 16-bit samples without a gamma are pictures as any other: 257 v is v.
    @Test func reads16BitPNG() throws {
        #expect(try Image(contentsOf: Golden.file("gray16.png")) == picture(11, 13, 1))
    }

    @Test func grayWithAlphaBecomesColorWithAlpha() throws {
        let image = try Image(contentsOf: Golden.file("gray_alpha.png"))
        #expect(image.channels == 4)
        #expect(image.grayscale() == picture(11, 13, 1))
        #expect(image[0, 0, 3] == 255)
    }

    @Test(arguments: ["palette", "bilevel"]) func readsSmallPNGDepths(name: String) throws {
        let image = try Image(contentsOf: Golden.file("\(name).png"))
        let golden = try Golden.values(name)
        #expect([image.height, image.width, image.channels] == golden.shape)
        expectClose(image.pixels.map(Float.init), golden.values, within: 0)
    }

    @Test func readsJPEGAsPillowDoes() throws {
        let image = try Image(contentsOf: Golden.file("rgb.jpg"))
        let golden = try Golden.values("rgb.jpg")
        #expect([image.height, image.width, image.channels] == golden.shape)
        expectClose(image.pixels.map(Float.init), golden.values, within: 3)
    }

    @Test func readsProgressiveAndGrayscaleJPEG() throws {
        let progressive = try Image(contentsOf: Golden.file("progressive.jpg"))
        let baseline = try Image(contentsOf: Golden.file("rgb.jpg"))
        expectClose(progressive.pixels.map(Float.init), baseline.pixels.map(Float.init), within: 3)
        let gray = try Image(contentsOf: Golden.file("gray.jpg"))
        #expect(gray.channels == 1)
        expectClose(gray.pixels.map(Float.init), picture(11, 13, 1).pixels.map(Float.init), within: 30)
    }

    @Test func readsCMYKJPEGAsRGB() throws {
        let image = try Image(contentsOf: Golden.file("cmyk.jpg"))
        #expect(image.channels == 3)
        expectClose(image.pixels.map(Float.init), try Golden.values("cmyk.jpg").values, within: 3)
    }

    /// The files hold the same pixels with each of the eight orientations. Turned as they say, then back by hand, they
    /// agree.
    @Test(arguments: 1...8) func respectsOrientation(number: Int) throws {
        let stored = try Image(contentsOf: Golden.file("orientation1.jpg"))
        let seen = try Image(contentsOf: Golden.file("orientation\(number).jpg"))
        let (h, w) = (stored.height, stored.width)
        #expect((seen.height, seen.width) == (number < 5 ? (h, w) : (w, h)))
        // Where the stored corner (0, 0) and its neighbour (0, 1) are seen: EXIF's own table.
        let places = [
            ((0, 0), (0, 1)), ((0, w - 1), (0, w - 2)), ((h - 1, w - 1), (h - 1, w - 2)), ((h - 1, 0), (h - 1, 1)),
            ((0, 0), (1, 0)), ((0, h - 1), (1, h - 1)), ((w - 1, h - 1), (w - 2, h - 1)), ((w - 1, 0), (w - 2, 0)),
        ]
        let (corner, neighbour) = places[number - 1]
        for c in 0..<3 {
            #expect(seen[corner.0, corner.1, c] == stored[0, 0, c])
            #expect(seen[neighbour.0, neighbour.1, c] == stored[0, 1, c])
        }
    }

    @Test(arguments: [1, 3, 4]) func writtenJPEGIsClose(channels: Int) throws {
        var smooth = picture(32, 40, channels)
        for i in smooth.pixels.indices { smooth.pixels[i] = UInt8(i / channels % 40 * 5) }
        let image = try Image(decoding: smooth.jpegData(quality: 95))
        #expect(image.channels == (channels == 1 ? 1 : 3))
        let expected = channels == 1 ? smooth : smooth.rgb()
        expectClose(image.pixels.map(Float.init), expected.pixels.map(Float.init), within: 12)
        #expect(try smooth.jpegData(quality: 20).count < smooth.jpegData(quality: 95).count)
    }

    @Test func writesByExtension() throws {
        try withTemporaryFolder { folder in
            let image = picture(5, 6, 3)
            let png = folder.appendingPathComponent("a.png")
            try image.write(to: png)
            #expect(try Image(contentsOf: png) == image)
            try image.write(to: folder.appendingPathComponent("a.JPG"))
            #expect(try Image(contentsOf: folder.appendingPathComponent("a.JPG")).width == 6)
            expectDataError(.unwritable, mentioning: "a.bmp", ".png") {
                try image.write(to: folder.appendingPathComponent("a.bmp"))
            }
            expectDataError(.unwritable, mentioning: "nowhere") {
                try image.write(to: folder.appendingPathComponent("nowhere/a.png"))
            }
        }
    }

    @Test func grayIsPillowsLuma() {
        let image = Image(width: 3, height: 1, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 10, 20, 200])
        #expect(image.grayscale().pixels == [76, 150, 38])
        #expect(image.grayscale().rgb().pixels == [76, 76, 76, 150, 150, 150, 38, 38, 38])
    }

    @Test(arguments: [1, 3, 4]) func floatsAndBack(channels: Int) {
        let image = picture(4, 5, channels)
        let floats = FloatImage(image)
        #expect(floats[channels - 1, 2, 3] == Float(image[2, 3, channels - 1]) / 255)
        #expect(Image(floats) == image)
    }

    @Test func bytesAreClamped() {
        let floats = FloatImage(channels: 1, height: 1, width: 4, values: [-1, 2, .nan, 0.5])
        #expect(Image(floats).pixels == [0, 255, 0, 128])
    }
}

@Suite struct ImageErrorTests {
    @Test func missing() {
        expectDataError(.missing, mentioning: "/no/such/picture.png") {
            try Image(contentsOf: URL(fileURLWithPath: "/no/such/picture.png"))
        }
    }

    @Test func folderInsteadOfFile() throws {
        try withTemporaryFolder { folder in
            expectDataError(.unrecognized, mentioning: "is a folder") { try Image(contentsOf: folder) }
        }
    }

    @Test func emptyAndForeignFilesAreNamed() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("a.jpg")
            try Data().write(to: file)
            expectDataError(.empty, mentioning: file.path) { try Image(contentsOf: file) }
            try Data("GIF89a…".utf8).write(to: file)
            expectDataError(.unrecognized, mentioning: file.path, "neither JPEG nor PNG") {
                try Image(contentsOf: file)
            }
        }
    }

    @Test(arguments: ["rgb.png", "gray16.png", "palette.png", "rgb.jpg", "progressive.jpg", "cmyk.jpg"])
    func truncated(name: String) throws {
        let data = try Data(contentsOf: Golden.file(name))
        for share in [0.3, 0.6, 0.9] {
            #expect(throws: DataError.self) { try Image(decoding: data.prefix(Int(Double(data.count) * share))) }
        }
    }

    @Test(arguments: ["rgb.png", "rgb.jpg"]) func truncatedIsCalledSo(name: String) throws {
        let data = try Data(contentsOf: Golden.file(name))
        expectDataError(.truncated, mentioning: "ends too early") { try Image(decoding: data.prefix(data.count - 60)) }
    }

    @Test func hugeHeadersAskForNoMemory() throws {
        var png = [UInt8](try picture(2, 2, 3).pngData())
        png.replaceSubrange(16..<24, with: [0, 1, 0, 0, 0, 1, 0, 0])  // 65,536²
        let checksum = crc32(png[12..<29])
        png.replaceSubrange(29..<33, with: (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - 8 * $0)) })
        expectDataError(.tooLarge, mentioning: "65536×65536") { try Image(decoding: Data(png)) }

        var jpeg = [UInt8](try picture(8, 8, 3).jpegData())
        let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0x00, 0xFF, 0x00])
        expectDataError(.tooLarge, mentioning: "65280×65280") { try Image(decoding: Data(jpeg)) }
    }

    /// PNG's checksum (ISO 3309).
    private func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }
}
