import ApusData
import Foundation
import Testing

@Suite struct CanvasTests {
    private let black: Canvas.Color = [0, 0, 0]
    private let white: Canvas.Color = [255, 255, 255]

    private func sum(_ canvas: Canvas) -> Double {
        canvas.image.pixels.reduce(0.0) { $0 + Double($1) } / 255 / 3
    }

    @Test func edgesTakeTheirShareOfAPixel() {
        var canvas = Canvas(width: 8, height: 6, ground: black)
        canvas.fillRectangle(x: 1.25, y: 2, width: 3.5, height: 1.5, white)
        #expect(abs(sum(canvas) - 3.5 * 1.5) < 0.02)
        #expect(canvas.image[2, 2, 0] == 255)
        #expect(canvas.image[2, 1, 1] == 191 && canvas.image[2, 4, 2] == 191)
        #expect(canvas.image[3, 2, 0] == 128 && canvas.image[4, 2, 0] == 0)
    }

    @Test func areasAreThoseOfGeometry() {
        var circle = Canvas(width: 60, height: 60, ground: black)
        circle.fillCircle([30, 30], radius: 20, white)
        #expect(abs(sum(circle) / (Double.pi * 400) - 1) < 0.01)
        var line = Canvas(width: 60, height: 60, ground: black)
        line.stroke([[10, 10], [40, 50]], width: 3, white)
        #expect(abs(sum(line) / 150 - 1) < 0.01)
        // A star whose middle is crossed twice stays open there.
        var star = Canvas(width: 100, height: 100, ground: black)
        let corners = (0..<5).map { corner -> Canvas.Point in
            let angle = Double(corner * 2) * 2 * .pi / 5
            return [50 + 45 * sin(angle), 50 - 45 * cos(angle)]
        }
        star.fill(corners, white)
        #expect(star.image[50, 50, 0] == 0 && star.image[15, 50, 0] == 255)
    }

    @Test func whatLiesOutsideIsLeftOut() {
        var canvas = Canvas(width: 4, height: 3, ground: black)
        canvas.fillRectangle(x: -10, y: -10, width: 100, height: 100, white)
        #expect(sum(canvas) == 12)
        canvas.fillCircle([-50, 1], radius: 3, black)
        canvas.stroke([[2, 2]], width: 2, black)
        canvas.stroke([[2, 2], [2, 2]], width: 2, black)
        canvas.fill([[1, 1], [2, 2]], black)
        #expect(sum(canvas) == 12)
    }
}

@Suite struct AnimatedPNGTests {
    private struct Chunk {
        let type: String
        let body: Data
    }

    /// Chunks by the format's definition: length, type, body, checksum.
    private func chunks(_ data: Data) -> [Chunk] {
        var rest = data.dropFirst(8)
        var result: [Chunk] = []
        while rest.count >= 12 {
            let length = number(rest.prefix(4))
            let type = String(decoding: rest.dropFirst(4).prefix(4), as: UTF8.self)
            result.append(Chunk(type: type, body: Data(rest.dropFirst(8).prefix(length))))
            rest = rest.dropFirst(12 + length)
        }
        return result
    }

    private func number(_ bytes: some Sequence<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

    private let frames = (0..<4).map { shade in
        Image(width: 9, height: 7, filledWith: [UInt8(shade * 60), 20, 200])
    }

    @Test func itsChunksAreThoseOfTheStandard() throws {
        let data = try AnimatedPNG(frames, secondsPerFrame: 0.05, repeats: 2, lastFrameSeconds: 1).data()
        let chunks = chunks(data)
        #expect(chunks.first?.type == "IHDR" && chunks.last?.type == "IEND")
        let control = try #require(chunks.first { $0.type == "acTL" })
        #expect(number(control.body.prefix(4)) == 4 && number(control.body.suffix(4)) == 2)
        let sequenced = chunks.filter { $0.type == "fcTL" || $0.type == "fdAT" }
        #expect(sequenced.map { number($0.body.prefix(4)) } == Array(0..<sequenced.count))
        let delays = chunks.filter { $0.type == "fcTL" }.map { number($0.body.dropFirst(20).prefix(2)) }
        #expect(delays == [50, 50, 50, 1050])
    }

    /// What knows only PNG sees the first frame. A frame's own data, put where the first's are, decode to that frame: so all are whole.
    @Test func everyFrameDecodes() throws {
        let data = try AnimatedPNG(frames, secondsPerFrame: 0.1).data()
        #expect(try Image(decoding: data) == frames[0])
        let file = try AnimatedPNG([frames[2]], secondsPerFrame: 0.1).data()
        #expect(try Image(decoding: file) == frames[2])
        let alone = chunks(file).filter { $0.type == "IDAT" }.flatMap(\.body)
        let inFilm = chunks(data).filter { $0.type == "fdAT" }.map { $0.body.dropFirst(4) }
        #expect(inFilm.contains { Array($0) == alone })
    }
}
