import Apus
import Foundation

/// Small data sets that tests write themselves: class k is a light bar in row k of a dark, noisy picture.
enum TinyPictures {
    static let side = 16
    static let classCount = 10

    static func pixels(of label: Int, using generator: Generator) -> [UInt8] {
        (0..<(side * side)).map { place in
            let noise = UInt8(truncatingIfNeeded: generator.next() % 32)
            let isBar = place / side == label + 3 && (2..<(side - 2)).contains(place % side)
            return isBar ? 220 + noise : noise
        }
    }

    /// Four files in MNIST's format.
    static func writeIDX(to folder: URL, perClass: Int = 16) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let generator = Generator(seed: 7)
        for (prefix, count) in [("train", perClass * classCount), ("t10k", 3 * classCount)] {
            let labels = (0..<count).map { UInt8($0 % classCount) }
            let pixels = labels.flatMap { Self.pixels(of: Int($0), using: generator) }
            try idx([count, side, side], pixels).write(to: folder.appendingPathComponent("\(prefix)-images-idx3-ubyte"))
            try idx([count], labels).write(to: folder.appendingPathComponent("\(prefix)-labels-idx1-ubyte"))
        }
    }

    static func idx(_ shape: [Int], _ bytes: [UInt8]) -> Data {
        var data = Data([0, 0, 8, UInt8(shape.count)])
        for extent in shape { withUnsafeBytes(of: UInt32(extent).bigEndian) { data.append(contentsOf: $0) } }
        return data + Data(bytes)
    }

    static func picture(of label: Int) -> Image {
        Image(width: side, height: side, channels: 1, pixels: pixels(of: label, using: Generator(seed: 99)))
    }

    /// A sub-folder for each of some classes, with PNG files.
    static func writeFolders(to folder: URL, classes: Int = 3, perClass: Int = 6) throws {
        let generator = Generator(seed: 8)
        for label in 0..<classes {
            let sub = folder.appendingPathComponent("class-\(label)")
            try FileManager.default.createDirectory(at: sub, withIntermediateDirectories: true)
            for number in 0..<perClass {
                let pixels = pixels(of: label, using: generator)
                try Image(width: side, height: side, channels: 1, pixels: pixels)
                    .write(to: sub.appendingPathComponent("\(number).png"))
            }
        }
    }
}
