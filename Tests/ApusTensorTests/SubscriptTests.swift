import ApusTensor
import ApusTestSupport
import Testing

/// Values of subscripts are compared with NumPy's in the goldens; here is how they are spelled, and what they refuse.
@Suite("Subscripts")
struct SubscriptTests {
    private let x = Tensor.range(24).reshaped(2, 3, 4)

    @Test(arguments: TestedBackend.allCases) func spellings(_ backend: TestedBackend) {
        backend.run {
            #expect(x[1, 2, 3].item() == 23)
            #expect(x[-1, -1, -1].item() == 23)
            #expect(x[0, 1...].shape == [2, 4])
            #expect(x[0, ..<2, ...(-2)].shape == [2, 3])
            #expect(x[0, 0...1, (-2)...(-1)].elements() == [2, 3, 6, 7])
            #expect(x[.ellipsis, 0].shape == [2, 3])
            #expect(x[.all, .newAxis, 1].shape == [2, 1, 4])
            #expect(x[1, 0, .range(by: -1)].elements() == [15, 14, 13, 12])
            #expect(x[[1, 0], 0, 0].elements() == [12, 0])
            #expect(x[Tensor([1, 1]), .ellipsis, Tensor([0, 3])].shape == [2, 3])
            #expect(x[x .> 20].elements() == [21, 22, 23])
        }
    }

    @Test(arguments: TestedBackend.allCases) func assignmentLeavesCopiesAlone(_ backend: TestedBackend) {
        backend.run {
            var y = x
            let before = y
            y[0, .all, 1] = Tensor([-1, -2, -3])
            y[1, .range(by: 2), .range(from: -1, by: -3)] += Tensor(100)
            y[y .> 121] = Tensor(0)
            #expect(before.elements(as: Int.self) == Array(0..<24))
            #expect(
                y.elements() == [
                    0, -1, 2, 3, 4, -2, 6, 7, 8, -3, 10, 11, 112, 13, 14, 115, 16, 17, 18, 19, 120, 21, 22, 0,
                ])
        }
    }

    @Test(arguments: TestedBackend.allCases) func gradientsReachBaseAndValue(_ backend: TestedBackend) {
        backend.run {
            let maker = TensorMaker(seed: 3)
            checkGradients(at: [maker.uniform([4, 5]), maker.uniform([2, 2])]) { inputs in
                var y = inputs[0]
                y[1..<3, .range(by: -3)] = inputs[1] * 2
                y[[0, -1]] = inputs[0][[1, 0]]
                return y
            }
        }
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let message: String
        let pick: @Sendable (Tensor) -> Tensor

        var testDescription: String { message }

        static let all = [
            Mistake(message: "index 2 is out of range for axis 0 of extent 2") { $0[2] },
            Mistake(message: "index -4 is out of range for axis 1 of extent 3") { $0[0, -4] },
            Mistake(message: "4 indices for a tensor of shape [2, 3, 4]") { $0[0, 0, 0, 0] },
            Mistake(message: "2 ellipses; there can be one") { $0[.ellipsis, .ellipsis] },
            Mistake(message: "a range of step 0 on axis 0 of [2, 3, 4]") { $0[.range(by: 0)] },
            Mistake(message: "an index tensor of float32; integers or bools are needed") { $0[Tensor([1.0])] },
            Mistake(message: "a mask of shape [3] at axis 0 of [2, 3, 4]: extents must be equal") {
                $0[Tensor([true, true, false])]
            },
            Mistake(message: "index tensors of shapes [[2], [3]] do not broadcast together") {
                $0[Tensor([0, 1]), Tensor([0, 1, 2])]
            },
        ]
    }

    @Test(arguments: Mistake.all) func mistakesAreNamed(_ mistake: Mistake) {
        #expect(throws: TensorError("subscript: " + mistake.message)) { try withTensorErrors { mistake.pick(x) } }
    }

    @Test(arguments: TestedBackend.allCases) func indexTensorsOutOfRangeNameIndexAxisAndExtent(_ backend: TestedBackend)
    {
        func message(_ pick: () -> Tensor) -> String? {
            do {
                _ = try backend.run { try withTensorErrors { pick().evaluated() } }
                return nil
            } catch {
                return "\(error)"
            }
        }
        for wrong in [
            message { x[.all, Tensor([0, 3])] }, message { x[.all, Tensor([0, -4])] },
            message { x[Tensor([0, 1]), Tensor([3, 0])] }, message { x[0, Tensor([0, 3]), Tensor([0, 0])] },
        ] {
            #expect(wrong?.contains(/index (3|-4)\b.*3/) ?? false, "\(wrong ?? "nothing was thrown")")
        }
    }

    @Test func valuesThatDoNotBroadcastAreRefused() {
        #expect(throws: TensorError("subscript: a value of shape [3] for elements of shape [2, 4]")) {
            try withTensorErrors {
                var y = x
                y[.all, 0] = Tensor([1, 2, 3])
            }
        }
    }
}
