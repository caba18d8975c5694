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
}
