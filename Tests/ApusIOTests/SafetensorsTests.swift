import ApusIO
import ApusTensor
import Foundation
import Testing

/// A safetensors file with the given header and so many bytes of zeros as its data.
func safetensors(_ header: String, dataByteCount: Int = 0, claiming length: UInt64? = nil) -> Data {
    var data = withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Data($0) }
    data += Data(header.utf8) + Data(count: dataByteCount)
    return data
}

private func entry(_ name: String, _ dtype: String, _ shape: String, _ offsets: String) -> String {
    "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}

@Suite struct SafetensorsReading {
    @Test func everyNativeDType() throws {
        let file = try SafetensorsFile(contentsOf: fixture("native.safetensors"))
        #expect(file.metadata == ["note": "tab\tand ünï"])
        let expected: [String: TensorType] = [
            "a.weight": .init([3, 4], .float32), "b.weight": .init([5], .float64), "c": .init([2, 3], .float16),
            "d": .init([2, 3], .bfloat16), "e": .init([2, 2], .int32), "f": .init([2, 2], .int64),
            "g": .init([7], .uint8), "h": .init([3], .bool), "scalar": .init([], .float32),
            "empty": .init([0, 4], .float32), "ünï \"quoted\"\n": .init([1], .float32),
        ]
        #expect(Set(file.names) == Set(expected.keys))
        for (name, tensor) in try file.tensors() {
            #expect(tensor.node.type == expected[name], "\(name)")
            #expect(file.type(of: name) == expected[name], "\(name)")
            #expect(values(tensor) == pattern(tensor.elementCount, tensor.dtype), "\(name)")
        }
    }

    @Test(arguments: [("i8", DType.int32), ("i16", .int32), ("u16", .int32), ("u32", .int64), ("u64", .int64)])
    func wideningKeepsTheValues(_ name: String, _ dtype: DType) throws {
        let tensor = try SafetensorsFile(contentsOf: fixture("widened.safetensors")).tensor(name)
        #expect(tensor.node.type == TensorType([2, 4], dtype))
        #expect(values(tensor) == pattern(8, dtype, isUnsigned: name.hasPrefix("u")))
    }

    @Test func dtypesWithoutACounterpartAreNamed() throws {
        let file = try SafetensorsFile(contentsOf: fixture("unreadable.safetensors"))
        #expect(try values(file.tensor("f4")) == [-3, -2])
        #expect(file.type(of: "f8") == nil)
        expectFormatError("unreadable.safetensors", "\"f8\"", "F8_E4M3") { _ = try file.tensor("f8") }
        expectFormatError("\"c64\"", "C64") { _ = try file.tensors() }
        let widened = try SafetensorsFile(contentsOf: fixture("widened.safetensors"))
        expectFormatError("\"large\"", "int64 cannot hold") { _ = try widened.tensor("large") }
    }

    @Test func anUnknownNameGetsTheKnownOnes() throws {
        let file = try SafetensorsFile(contentsOf: fixture("unreadable.safetensors"))
        expectFormatError("\"weight\"", "\"f8\"") { _ = try file.tensor("weight") }
    }

    @Test func tensorsOutliveTheFile() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.safetensors")
            try SafetensorsFile.write(["x": Tensor([1, 2, 3] as [Float])], to: url)
            let old = try SafetensorsFile(contentsOf: url).tensor("x")
            try SafetensorsFile.write(["x": Tensor([4, 5, 6] as [Float])], to: url)
            #expect(values(old) == [1, 2, 3])
            try FileManager.default.removeItem(at: url)
            #expect(values(old) == [1, 2, 3])
        }
    }

    @Test func misalignedDataIsCopied() throws {
        // A header of odd length, which the format allows.
        var data = safetensors("{" + entry("x", "F32", "[2]", "[0,8]") + "} ", dataByteCount: 8)
        if data.count % 4 == 0 { data = safetensors("{" + entry("x", "F32", "[2]", "[0,8]") + "}", dataByteCount: 8) }
        #expect(data.count % 4 != 0)
        data.replaceSubrange(data.count - 4..<data.count, with: [0, 0, 0x80, 0x3F])
        let buffer = try SafetensorsFile(data).tensor("x").buffer
        #expect(Int(bitPattern: buffer.pointer) % 4 == 0)
        #expect(buffer.elements(as: Float.self).elementsEqual([0, 1]))
    }

    @Test func boolsAreZeroOrOne() throws {
        var data = safetensors("{" + entry("x", "BOOL", "[2]", "[0,2]") + "}", dataByteCount: 2)
        data[data.count - 1] = 2
        expectFormatError("\"x\"", "neither 0 nor 1") { _ = try SafetensorsFile(data).tensor("x") }
    }

    @Test func whiteSpaceAndEscapes() throws {
        let header =
            "{ \"\\u00e9\\ud83d\\ude00\" :\n{\"shape\": [ ] ,\t\"data_offsets\":[0 , 1],\"dtype\":\"U8\"}\r\n}   "
        #expect(try SafetensorsFile(safetensors(header, dataByteCount: 1)).names == ["é😀"])
        #expect(try SafetensorsFile(safetensors("{}")).names.isEmpty)
    }

    @Test(arguments: [
        (Data(), "0 bytes are too few"), (Data(count: 7), "7 bytes"), (Data(count: 8), "does not begin"),
        (safetensors("{}", claiming: 10_000_000_000), "100 MB"), (safetensors("{}", claiming: .max), "100 MB"),
        (safetensors("{}", claiming: 99_999_999), "in a file of 10"), (safetensors(" {}"), "does not begin"),
        (safetensors("[]"), "does not begin"), (safetensors("{"), "the text ends"), (safetensors("{}x"), "\"x\""),
        (safetensors("{\"a\":{\"a\":{\"a\":{}}}}"), "unknown key"), (safetensors("{\"a\":[]}"), "\"{\" expected"),
        (safetensors("{\"a\":{}}"), "without dtype"), (safetensors("{\"a"), "without an end"),
        (safetensors("{\"__metadata__\":{\"a\":1}}"), "expected"),
        (safetensors("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}"), "twice"),
        (safetensors("{\"\\ud800\":{}}"), "surrogate"), (safetensors("{\"\\q\":{}}"), "escape"),
        (safetensors("{\"a\u{1}\":{}}"), "control"), (safetensors("{,}"), "expected"),
        (safetensors("{" + entry("a", "F32", "[1]", "[0,4]") + "," + entry("a", "F32", "[1]", "[4,8]") + "}"), "twice"),
        (safetensors("{" + entry("a", "F32", "[1]", "[0,4]") + ",}", dataByteCount: 4), "expected"),
        (safetensors("{" + entry("a", "F32", "[-1]", "[0,4]") + "}", dataByteCount: 4), "whole number"),
        (safetensors("{" + entry("a", "F32", "[1.0]", "[0,4]") + "}", dataByteCount: 4), "expected"),
        (safetensors("{" + entry("a", "F32", "[1e0]", "[0,4]") + "}", dataByteCount: 4), "expected"),
        (safetensors("{" + entry("a", "F32", "[01]", "[0,4]") + "}", dataByteCount: 4), "leading zero"),
        (safetensors("{" + entry("a", "F32", "[9223372036854775808]", "[0,4]") + "}"), "beyond 64 bits"),
        (safetensors("{" + entry("a", "F32", "[4294967296,4294967296]", "[0,0]") + "}"), "too large"),
        (safetensors("{" + entry("a", "F32", "[4611686018427387904,4]", "[0,0]") + "}"), "too large"),
        (safetensors("{" + entry("a", "F32", "[0,9223372036854775807,9]", "[0,0]") + "}"), "too large"),
        (
            safetensors(
                "{" + entry("a", "U8", "[" + [String](repeating: "1", count: 65).joined(separator: ",") + "]", "[0,1]")
                    + "}", dataByteCount: 1), "65 dimensions"
        ),
        (safetensors("{" + entry("a", "F32", "[2500000000]", "[0,10000000000]") + "}"), "the file holds 0"),
        (safetensors("{" + entry("a", "F32", "[2]", "[0,4]") + "}", dataByteCount: 4), "takes 8 bytes"),
        (safetensors("{" + entry("a", "F99", "[1]", "[0,4]") + "}", dataByteCount: 4), "F99"),
        (safetensors("{" + entry("a", "F32", "[1]", "[4,0]") + "}", dataByteCount: 4), "begin and an end"),
        (safetensors("{" + entry("a", "F32", "[1]", "[0]") + "}", dataByteCount: 4), "begin and an end"),
        (safetensors("{" + entry("a", "F32", "[1]", "[4,8]") + "}", dataByteCount: 8), "hole"),
        (safetensors("{" + entry("a", "F32", "[1]", "[0,4]") + "}", dataByteCount: 8), "the file holds 8"),
        (safetensors("{" + entry("a", "F32", "[1]", "[0,4]") + "}", dataByteCount: 3), "the file holds 3"),
        (
            safetensors(
                "{" + entry("a", "U8", "[4]", "[0,4]") + "," + entry("b", "U8", "[4]", "[2,6]") + "}", dataByteCount: 6),
            "overlaps"
        ),
    ])
    func malformed(_ data: Data, _ message: String) {
        expectFormatError("hostile", message) { _ = try SafetensorsFile(data, name: "hostile") }
    }

    @Test func aHeaderThatIsNotUTF8() {
        var data = safetensors("{\"a\":{}}")
        data[10] = 0xFF
        expectFormatError("UTF-8") { _ = try SafetensorsFile(data) }
    }

    @Test func deepNestingIsNoStackOverflow() {
        let deep = String(repeating: "{\"a\":", count: 100_000)
        expectFormatError("unknown key") { _ = try SafetensorsFile(safetensors(deep)) }
        expectFormatError("expected") {
            _ = try SafetensorsFile(safetensors("{\"a\":{\"shape\":" + String(repeating: "[", count: 100_000)))
        }
    }

    @Test func missingFilesAndFolders() throws {
        try withTemporaryFolder { folder in
            let error = #expect(throws: FileError.self) {
                _ = try SafetensorsFile(contentsOf: folder.appendingPathComponent("none"))
            }
            #expect(error?.description.contains("none: cannot open: no such file") == true)
            #expect(throws: FileError.self) { _ = try SafetensorsFile(contentsOf: folder) }
            #expect(throws: FileError.self) { _ = try SafetensorsFile(contentsOf: URL(fileURLWithPath: "/dev/zero")) }
        }
    }
}

@Suite struct SafetensorsWriting {
    /// What the reference implementation wrote, read and written again, is the same to the byte.
    @Test func bytesAreTheReferences() throws {
        try withTemporaryFolder { folder in
            let file = try SafetensorsFile(contentsOf: fixture("native.safetensors"))
            let url = folder.appendingPathComponent("copy.safetensors")
            try SafetensorsFile.write(file.tensors(), metadata: file.metadata, to: url)
            #expect(try Data(contentsOf: url) == Data(contentsOf: fixture("native.safetensors")))
            #expect(try names(in: folder) == ["copy.safetensors"])
        }
    }

    @Test func nothingAtAll() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("empty.safetensors")
            try SafetensorsFile.write([:], to: url)
            #expect(try Data(contentsOf: url) == safetensors("{}      "))
            #expect(try SafetensorsFile(contentsOf: url).names.isEmpty)
        }
    }

    @Test func awkwardNamesComeBack() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("names.safetensors")
            let names = ["", "a\"b\\c/d", "line\nfeed\t\u{1}\u{7F}", "😀é"]
            let tensors = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Tensor(Int32($0))) })
            try SafetensorsFile.write(tensors, metadata: ["k\u{0}": "\r\u{8}\u{C}"], to: url)
            let file = try SafetensorsFile(contentsOf: url)
            #expect(file.metadata == ["k\u{0}": "\r\u{8}\u{C}"])
            for (index, name) in names.enumerated() { #expect(try values(file.tensor(name)) == [Double(index)]) }
        }
    }

    @Test func theReservedNameIsRefused() throws {
        try withTemporaryFolder { folder in
            expectFormatError("__metadata__") {
                try SafetensorsFile.write(
                    ["__metadata__": Tensor(Float(1))], to: folder.appendingPathComponent("x"))
            }
            let left = try names(in: folder)
            #expect(left.isEmpty)
        }
    }
}
