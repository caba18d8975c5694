import ApusIO
import ApusReference
import ApusTensor
import Foundation
import Testing

/// An npy file with the given header.
func npy(_ header: String, version: UInt8 = 1, dataByteCount: Int = 0, claiming length: Int? = nil) -> Data {
    let length = length ?? header.utf8.count
    var data = Data([0x93] + Array("NUMPY".utf8) + [version, 0])
    data += Data((0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) })
    return data + Data(header.utf8) + Data(count: dataByteCount)
}

private func header(_ shape: String, _ descr: String = "'<f4'", _ order: String = "False") -> String {
    "{'descr': \(descr), 'fortran_order': \(order), 'shape': \(shape), }\n"
}

@Suite struct NpyReading {
    private static let dtypes: [String: DType] = [
        "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int32, "i2": .int32, "i4": .int32, "i8": .int64,
        "u1": .uint8, "u2": .int32, "u4": .int64, "u8": .int64, "b1": .bool,
    ]

    @Test(arguments: Self.dtypes.keys.sorted(), ["little-C", "little-F", "big-C", "big-F"])
    func everyDTypeAndOrder(_ code: String, _ order: String) throws {
        let tensor = try Npy.read(contentsOf: fixture("\(code)-\(order).npy"))
        let dtype = Self.dtypes[code]!
        #expect(tensor.node.type == TensorType([2, 3, 4], dtype))
        #expect(values(tensor) == pattern(24, dtype, isUnsigned: code.hasPrefix("u")))
    }

    @Test(arguments: ["version-1.npy", "version-2.npy", "version-3.npy"])
    func everyVersion(_ name: String) throws {
        #expect(try values(Npy.read(contentsOf: fixture(name))) == pattern(6, .float32))
    }

    @Test func oddShapes() throws {
        #expect(try Npy.read(contentsOf: fixture("scalar.npy")).shape == [])
        #expect(try Npy.read(contentsOf: fixture("vector.npy")).shape == [10])
        #expect(try Npy.read(contentsOf: fixture("empty.npy")).shape == [3, 0, 2])
    }

    @Test func typesWithoutACounterpart() {
        expectFormatError("large-u8.npy", "int64 cannot hold") { _ = try Npy.read(contentsOf: fixture("large-u8.npy")) }
        expectFormatError("'<c8'") { _ = try Npy.read(contentsOf: fixture("complex.npy")) }
        expectFormatError("pickled") { _ = try Npy.read(contentsOf: fixture("object.npy")) }
        expectFormatError("named fields") { _ = try Npy.read(contentsOf: fixture("record.npy")) }
    }

    @Test(arguments: [
        (Data(), "does not begin"), (Data("NUMPY".utf8), "does not begin"), (npy("", version: 4), "version"),
        (npy("", version: 0), "version"), (Data([0x93] + Array("NUMPY".utf8) + [1]), "version"),
        (Data([0x93] + Array("NUMPY".utf8) + [2, 0, 1, 0]), "ends within"),
        (npy("{}", claiming: 500), "500 bytes"), (npy("{}", version: 2, claiming: 4_000_000_000), "1 MiB"),
        (npy(""), "expected"), (npy("{}"), "without descr"), (npy("{"), "the text ends"),
        (npy(header("(2)"), dataByteCount: 8), "tuple"), (npy(header("[2]"), dataByteCount: 8), "\"(\" expected"),
        (npy(header("(-1,)"), dataByteCount: 4), "whole number"), (npy(header("(,)")), "whole number"),
        (npy(header("(2 3)")), "\",\""), (npy(header("(True,)")), "whole number"), (npy(header("(2L,)")), "\",\""),
        (npy(header("(2,)", "'<f4'", "0")), "True or False"), (npy(header("(2,)", "<f4")), "a string"),
        (npy(header("(2,)", "'f4'")), "dtype"), (npy(header("(2,)", "'|f4'")), "dtype"),
        (npy(header("(2,)", "''")), "dtype"), (npy(header("(2,)", "'<f4\\n'")), "plain text"),
        (npy("{'shape': (1,), 'shape': (1,)}"), "twice"), (npy("{'a': {'b': {}}}"), "unknown key"),
        (npy(header("(2,)") + "x", dataByteCount: 8), "\"x\""),
        (npy(header("(4294967296, 4294967296)")), "too large"), (npy(header("(9223372036854775808,)")), "64 bits"),
        (npy(header("(0, 9223372036854775807, 9)")), "too large"), (npy(header("(2500000000,)")), "10000000000 bytes"),
        (npy(header("(" + String(repeating: "1, ", count: 65) + ")"), dataByteCount: 4), "65 dimensions"),
        (npy(header("(2,)"), dataByteCount: 7), "7 follow"), (npy(header("(2,)"), dataByteCount: 9), "9 follow"),
    ])
    func malformed(_ data: Data, _ message: String) {
        expectFormatError("hostile", message) { _ = try Npy.read(data, name: "hostile") }
    }

    @Test func boolsAreZeroOrOne() {
        var data = npy(header("(2,)", "'|b1'"), dataByteCount: 2)
        data[data.count - 1] = 0xFF
        expectFormatError("neither 0 nor 1") { _ = try Npy.read(data) }
    }

    @Test func headersThatAreNotText() {
        var data = npy(header("(2,)"), dataByteCount: 8)
        data[12] = 0xFF
        expectFormatError("header, byte 12") { _ = try Npy.read(data) }
        expectFormatError("expected") { _ = try Npy.read(npy(String(repeating: "(", count: 60_000))) }
    }
}

@Suite struct NpyWriting {
    /// What NumPy wrote, read and written again, is the same to the byte.
    @Test(arguments: [
        "f2-little-C", "f4-little-C", "f8-little-C", "i4-little-C", "i8-little-C", "u1-little-C", "b1-little-C",
        "scalar",
        "vector", "empty",
    ])
    func bytesAreNumPys(_ name: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("copy.npy")
            try Npy.write(Npy.read(contentsOf: fixture(name + ".npy")), to: url)
            #expect(try Data(contentsOf: url) == Data(contentsOf: fixture(name + ".npy")))
        }
    }

    @Test func bfloat16IsRefused() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.npy")
            let tensor = try SafetensorsFile(contentsOf: fixture("native.safetensors")).tensor("d")
            expectFormatError("bfloat16", "float32") { try Npy.write(tensor, to: url) }
            expectFormatError("bfloat16", "float32") { try NpzFile.write(["x": tensor], to: url) }
            let left = try names(in: folder)
            #expect(left.isEmpty)
        }
    }
}

@Suite struct Npz {
    @Test(arguments: ["stored.npz", "deflated.npz"])
    func reading(_ name: String) throws {
        let file = try NpzFile(contentsOf: fixture(name))
        #expect(file.names == ["images", "labels", "nested/name"])
        let images = try file.tensor("images")
        #expect(images.node.type == TensorType([3, 4, 4], .uint8))
        #expect(values(images) == pattern(48, .uint8))
        #expect(try values(file.tensor("labels")) == [-3, -2, -1])
        #expect(try file.tensors().count == 3)
        expectFormatError("\"weights\"", "\"labels\"") { _ = try file.tensor("weights") }
    }

    @Test(arguments: [false, true])
    func writingAndReading(isCompressed: Bool) throws {
        try withTemporaryFolder { folder in
            let tensors = [
                "a": Tensor([[1, 2, 3], [4, 5, 6]] as [[Float]]), "é": Tensor(7),
                "none": Tensor([] as [Int32]), "zeros": Tensor([Float](repeating: 0, count: 100_000)),
            ]
            let url = folder.appendingPathComponent("x.npz")
            try NpzFile.write(tensors, isCompressed: isCompressed, to: url)
            let data = try Data(contentsOf: url)
            #expect(isCompressed ? data.count < 10_000 : data.count > 400_000)
            let file = try NpzFile(contentsOf: url)
            #expect(file.names == ["a", "none", "zeros", "é"])
            for (name, tensor) in try file.tensors() {
                #expect(tensor.node.type == tensors[name]!.node.type)
                #expect(bits(tensor) == bits(tensors[name]!))
            }
            try NpzFile.write(tensors, isCompressed: isCompressed, to: url)
            #expect(try Data(contentsOf: url) == data)
            #expect(try names(in: folder) == ["x.npz"])
        }
    }

    @Test func nothingAtAll() throws {
        #expect(try NpzFile(contentsOf: fixture("none.npz")).names.isEmpty)
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.npz")
            try NpzFile.write([:], to: url)
            #expect(try Data(contentsOf: url) == Data(contentsOf: fixture("none.npz")))
        }
    }

    @Test func anotherZipArchive() throws {
        var data = try Data(contentsOf: fixture("stored.npz"))
        while let range = data.range(of: Data(".npy".utf8)) { data.replaceSubrange(range, with: Data(".txt".utf8)) }
        expectFormatError("without any .npy") { _ = try NpzFile(data) }
        expectFormatError("npz data") { _ = try NpzFile(Data()) }
        expectFormatError("npz data") { _ = try NpzFile(Data("not an archive".utf8)) }
    }

    @Test func damageIsSeen() throws {
        var data = try Data(contentsOf: fixture("stored.npz"))
        let range = try #require(data.range(of: Data("\u{93}NUMPY".utf8.dropFirst())))
        data[range.lowerBound + 130] ^= 1
        expectFormatError("images.npy", "CRC") { _ = try NpzFile(data).tensors() }
    }

    /// `numpy.load` reads what is written here. Set APUS_PYTHON to a Python with NumPy and safetensors.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["APUS_PYTHON"] != nil), arguments: [false, true])
    func numPyReadsIt(isCompressed: Bool) throws {
        try withTemporaryFolder { folder in
            let tensors = ["a": Tensor([[1, 2, 3], [4, 5, 6]] as [[Float]]), "é": Tensor(7)]
            try NpzFile.write(tensors, isCompressed: isCompressed, to: folder.appendingPathComponent("x.npz"))
            try Npy.write(tensors["a"]!, to: folder.appendingPathComponent("x.npy"))
            try SafetensorsFile.write(tensors, to: folder.appendingPathComponent("x.safetensors"))
            let script = """
                import numpy as np
                from safetensors.numpy import load_file
                a = np.arange(1, 7, dtype="f4").reshape(2, 3)
                for arrays in (np.load("x.npz"), load_file("x.safetensors")):
                    assert sorted(arrays) == ["a", "é"] and arrays["é"].dtype == "i8" and arrays["é"] == 7
                    assert (arrays["a"] == a).all()
                assert (np.load("x.npy") == a).all()
                """
            let python = Process()
            python.executableURL = URL(fileURLWithPath: ProcessInfo.processInfo.environment["APUS_PYTHON"]!)
            python.arguments = ["-c", script]
            python.currentDirectoryURL = folder
            try python.run()
            python.waitUntilExit()
            #expect(python.terminationStatus == 0)
        }
    }
}
