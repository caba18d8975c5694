/// The characters that byte-level vocabularies write bytes as: printable ones stand for themselves, the others for the first
/// code points from 256 up. A space is `Ġ`, a line break `Ċ`.
///
/// Reference: Radford et al., “Language models are unsupervised multitask learners”, 2019 (`bytes_to_unicode`).
enum ByteAlphabet {
    /// By byte.
    static let characters: [Unicode.Scalar] = {
        var next: UInt32 = 256
        return (0...255).map { (byte: UInt32) in
            let isPrintable = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
            defer { if !isPrintable { next += 1 } }
            return Unicode.Scalar(isPrintable ? byte : next)!
        }
    }()

    private static let bytes = Dictionary(uniqueKeysWithValues: zip(characters, UInt8.min...UInt8.max))

    /// The bytes in the order of their characters, which is the order of GPT-2's first 256 tokens.
    static let bytesInOrder: [UInt8] = (0...255).sorted { characters[Int($0)] < characters[Int($1)] }

    /// `[0x20, 0x61]` → `Ġa`
    static func text(of bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(characters[Int(byte)]) }
        return String(text)
    }

    /// `Ġa` → `[0x20, 0x61]`; nil where a character stands for no byte.
    static func bytes(of text: String) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard let byte = bytes[scalar] else { return nil }
            result.append(byte)
        }
        return result
    }
}
