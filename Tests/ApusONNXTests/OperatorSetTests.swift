import ApusONNX
import ApusTestSupport
import Testing

/// Operators whose meaning changed from one set to the next.
@Suite struct OperatorSetTests {
    private let x = Tensor([1, 2, 3, 4, 5, 6, 7, 8].map(Float.init), shape: [2, 2, 2])

    @Test func softmaxFlattensBefore13() throws {
        let old = try run("Softmax", [x], operatorSet: 11)[0]
        expectClose(old, softmax(x.reshaped(2, 4), axis: 1).reshaped(2, 2, 2))
        let new = try run("Softmax", [x], operatorSet: 13)[0]
        expectClose(new, softmax(x, axis: -1))
    }

    @Test func axesOfReductionsMoveToAnInput() throws {
        let expected = x.sum(axes: 1)
        let keepdims = attribute("keepdims", 0)
        expectClose(try run("ReduceSum", [x], [attribute("axes", [1]), keepdims], operatorSet: 11)[0], expected)
        expectClose(
            try run("ReduceSum", [x], constants: [integers("a", [1])], [keepdims], operatorSet: 13)[0], expected)
        expectClose(try run("ReduceMax", [x], [attribute("axes", [1]), keepdims], operatorSet: 13)[0], x.max(axes: 1))
        expectClose(
            try run("ReduceMax", [x], constants: [integers("a", [1])], [keepdims], operatorSet: 18)[0], x.max(axes: 1))
        let untouched = [attribute("noop_with_empty_axes", 1)]
        expectClose(try run("ReduceSum", [x], untouched, operatorSet: 13)[0], x)
    }

    @Test func axesOfSqueezeAndUnsqueezeMoveToAnInput() throws {
        for set in [11, 13] {
            let wide =
                try set < 13
                ? run("Unsqueeze", [x], [attribute("axes", [0, -1])], operatorSet: set)[0]
                : run("Unsqueeze", [x], constants: [integers("a", [0, -1])], operatorSet: set)[0]
            #expect(wide.shape == [1, 2, 2, 2, 1])
            let narrow =
                try set < 13
                ? run("Squeeze", [wide], [attribute("axes", [-1])], operatorSet: set)[0]
                : run("Squeeze", [wide], constants: [integers("a", [-1])], operatorSet: set)[0]
            #expect(narrow.shape == [1, 2, 2, 2])
        }
    }

    @Test func sliceTakesInputsFrom10() throws {
        let expected = x[0..<2, 1..<2]
        let old = [attribute("starts", [1]), attribute("ends", [9]), attribute("axes", [1])]
        expectClose(try run("Slice", [x], old, operatorSet: 9)[0], expected)
        let inputs = [integers("s", [1]), integers("e", [9]), integers("a", [1])]
        expectClose(try run("Slice", [x], constants: inputs, operatorSet: 10)[0], expected)
        let backward = [integers("s", [-1]), integers("e", [-9]), integers("a", [2]), integers("t", [-1])]
        expectClose(try run("Slice", [x], constants: backward, operatorSet: 13)[0], x.reversed(axes: 2))
    }

    @Test func padAndClipTakeInputsFrom11() throws {
        let v = Tensor([1, 2, 3].map(Float.init))
        let padded = Tensor([9, 1, 2, 3, 9, 9].map(Float.init))
        expectClose(
            try run("Pad", [v], [attribute("pads", [1, 2]), attribute("value", Float(9))], operatorSet: 7)[0], padded)
        let inputs = [integers("p", [1, 2]), floats("v", [], [9])]
        expectClose(try run("Pad", [v], constants: inputs, operatorSet: 11)[0], padded)
        let reflected = Tensor([3, 2, 1, 2, 3, 2].map(Float.init))
        let widths = [integers("p", [2, 1])]
        expectClose(
            try run("Pad", [v], constants: widths, [attribute("mode", "reflect")], operatorSet: 11)[0], reflected)

        let limited = Tensor([1.5, 2, 2.5].map(Float.init))
        let limits = [attribute("min", Float(1.5)), attribute("max", Float(2.5))]
        expectClose(try run("Clip", [v], limits, operatorSet: 6)[0], limited)
        expectClose(
            try run("Clip", [v], constants: [floats("a", [], [1.5]), floats("b", [], [2.5])], operatorSet: 11)[0],
            limited)
    }

    @Test func resizeScalesFromTheFirstElementBefore11() throws {
        let v = Tensor([1, 2].map(Float.init), shape: [1, 1, 1, 2])
        let scales = floats("s", [4], [1, 1, 1, 2])
        let mode = [attribute("mode", "linear")]
        let old = try run("Resize", [v], constants: [scales], mode, operatorSet: 10)[0]
        expectClose(old, Tensor([1, 1.5, 2, 2].map(Float.init), shape: [1, 1, 1, 4]))
        let new = try run("Resize", [v], constants: [floats("r", [0], []), scales], mode, operatorSet: 13)[0]
        expectClose(new, Tensor([1, 1.25, 1.75, 2].map(Float.init), shape: [1, 1, 1, 4]))
        let upsampled = try run("Upsample", [v], [attribute("scales", [1, 1, 1, 2] as [Float])], operatorSet: 7)[0]
        expectClose(upsampled, Tensor([1, 1, 2, 2].map(Float.init), shape: [1, 1, 1, 4]))
    }

    @Test func topKTakesItsCountFromAnAttributeBefore10() throws {
        let v = Tensor([3, 1, 4, 1].map(Float.init))
        let old = try run("TopK", [v], [attribute("k", 2)], operatorSet: 7, outputs: 2)
        #expect(old[1].elements(as: Int.self) == [2, 0])
        let new = try run(
            "TopK", [v], constants: [integers("k", [2])], [attribute("largest", 0)], operatorSet: 11, outputs: 2)
        #expect(new[1].elements(as: Int.self) == [1, 3])
    }

    @Test func reshapeKeepsExtentsAtZero() throws {
        let kept = try run("Reshape", [x], constants: [integers("s", [0, -1])], operatorSet: 14)[0]
        #expect(kept.shape == [2, 4])
        let empty = Tensor.zeros([0, 2])
        let allowed = [attribute("allowzero", 1)]
        #expect(
            try run("Reshape", [empty], constants: [integers("s", [2, 0])], allowed, operatorSet: 14)[0].shape == [
                2, 0,
            ])
    }

    @Test func integersDivideTowardZero() throws {
        let quotient = try run("Div", [Tensor([-7, 7]), Tensor([2, -2])], operatorSet: 14)[0]
        #expect(quotient.elements(as: Int.self) == [-3, -3])
        let remainder = try run("Mod", [Tensor([-7, 7]), Tensor([3, -3])], operatorSet: 13)[0]
        #expect(remainder.elements(as: Int.self) == [2, -2])
        let fmod = try run("Mod", [Tensor([-7, 7]), Tensor([3, -3])], [attribute("fmod", 1)], operatorSet: 13)[0]
        #expect(fmod.elements(as: Int.self) == [-1, 1])
    }

    @Test func newerOperatorsOfImages() throws {
        func normal(_ shape: Shape) -> Tensor { .normal(shape, generator: Generator(seed: 3)) }
        let theta = normal([2, 2, 3])
        expectClose(
            try run("AffineGrid", [theta], constants: [integers("s", [2, 1, 3, 4])], operatorSet: 20)[0],
            affineGrid(theta, size: [2, 1, 3, 4]))
        let volume = normal([1, 2, 3, 4, 5]), grid = normal([1, 2, 2, 3, 3])
        expectClose(try run("GridSample", [volume, grid], operatorSet: 20)[0], gridSample(volume, grid))

        let columns = normal([1, 2 * 4, 12])
        let sizes = [integers("i", [4, 5]), integers("b", [2, 2])]
        expectClose(
            try run("Col2Im", [columns], constants: sizes, operatorSet: 18)[0],
            fold(columns, outputSize: [4, 5], 2))
        let padded = normal([1, 2 * 4, 9])
        expectClose(
            try run(
                "Col2Im", [padded], constants: [integers("i", [4, 4]), sizes[1]],
                [attribute("pads", [1, 1, 1, 1]), attribute("strides", [2, 2])], operatorSet: 18)[0],
            fold(padded, outputSize: [4, 4], 2, stride: 2, padding: 1))
    }

    /// Offsets of 0 change nothing; one place to the right is what the neighbour sees; a mask weighs.
    @Test func deformableConvolutionsSeeWhereOffsetsPoint() throws {
        let x = Tensor.normal([2, 4, 5, 6], generator: Generator(seed: 1))
        let weight = Tensor.normal([6, 2, 3, 3], generator: Generator(seed: 2))
        let settings = [attribute("pads", [1, 1, 1, 1]), attribute("group", 2), attribute("offset_group", 2)]
        let plain = convolution(x, weight, padding: 1, groups: 2)
        let still = Tensor.zeros([2, 2 * 9 * 2, 5, 6])
        let tolerance = Tolerance(relative: 1e-4, absolute: 1e-5)
        expectClose(try run("DeformConv", [x, weight, still], settings, operatorSet: 19)[0], plain, tolerance)
        // (N, G, K, 2, H, W) with 1 in every column.
        let right = still.reshaped(2, 2, 9, 2, 5, 6) + Tensor([0, 1].map(Float.init), shape: [2, 1, 1])
        let moved = try run("DeformConv", [x, weight, right.reshaped(still.shape)], settings, operatorSet: 19)[0]
        expectClose(moved[.all, .all, .all, 0..<4], plain[.all, .all, .all, 1..<5], tolerance)
        let (bias, mask) = (Tensor.ones([6]), Tensor.full([2, 2 * 9, 5, 6], 0.5))
        expectClose(
            try run("DeformConv", [x, weight, still, bias, mask], settings, operatorSet: 19)[0], plain * 0.5 + 1,
            tolerance)
    }

    @Test func aLoopWithoutEndIsAnError() throws {
        let body = graph(
            [node("Identity", ["go"], ["on"]), node("Identity", ["v"], ["w"])],
            inputs: [value("i", .int64, []), value("go", .bool, []), value("v")], outputs: ["on", "w"])
        expectONNXError(.failedNode, mentioning: "Loop", "passes") {
            try run(
                "Loop", [Tensor(Int.max), Tensor(true), Tensor(1.0)], [attribute("body", body)], operatorSet: 16)
        }
    }
}
