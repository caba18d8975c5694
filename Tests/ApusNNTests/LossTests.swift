import ApusNN
import ApusTestSupport
import Testing

typealias GoldenLoss = @Sendable (_ golden: NNGolden, _ inputs: [Tensor]) -> Tensor

extension NNGolden {
    fileprivate var reduction: LossReduction {
        switch string("reduction") {
        case "sum": .sum
        case "none": .none
        case "batchmean": .batchMean
        default: .mean
        }
    }

    fileprivate func weight(_ inputs: [Tensor], _ argument: String = "weight") -> Tensor? {
        bool(argument, false) ? inputs[2] : nil
    }
}

let goldenLosses: [String: GoldenLoss] = [
    "crossEntropy": { golden, inputs in
        crossEntropy(
            inputs[0], inputs[1], weight: golden.weight(inputs), ignoredIndex: golden.int("ignore_index", -100),
            labelSmoothing: golden.double("label_smoothing", 0), reduction: golden.reduction)
    },
    "negativeLogLikelihood": { golden, inputs in
        negativeLogLikelihood(
            inputs[0], inputs[1], weight: golden.weight(inputs), ignoredIndex: golden.int("ignore_index", -100),
            reduction: golden.reduction)
    },
    "binaryCrossEntropy": { golden, inputs in
        binaryCrossEntropy(inputs[0], inputs[1], weight: golden.weight(inputs), reduction: golden.reduction)
    },
    "binaryCrossEntropyLogits": { golden, inputs in
        binaryCrossEntropy(
            logits: inputs[0], inputs[1], weight: golden.weight(inputs),
            positiveWeight: golden.weight(inputs, "positiveWeight"), reduction: golden.reduction)
    },
    "meanSquaredError": { meanSquaredError($1[0], $1[1], reduction: $0.reduction) },
    "meanAbsoluteError": { meanAbsoluteError($1[0], $1[1], reduction: $0.reduction) },
    "smoothL1": { smoothL1($1[0], $1[1], beta: $0.double("beta", 1), reduction: $0.reduction) },
    "huber": { huber($1[0], $1[1], delta: $0.double("delta", 1), reduction: $0.reduction) },
    "klDivergence": {
        klDivergence($1[0], $1[1], logTargets: $0.bool("log_target", false), reduction: $0.reduction)
    },
    "tripletMargin": { golden, inputs in
        tripletMargin(
            anchor: inputs[0], positive: inputs[1], negative: inputs[2], margin: golden.double("margin", 1),
            p: golden.double("p", 2), swap: golden.bool("swap", false), reduction: golden.reduction)
    },
    "cosineEmbedding": {
        cosineEmbedding($1[0], $1[1], $1[2], margin: $0.double("margin", 0), reduction: $0.reduction)
    },
    "hingeEmbedding": { hingeEmbedding($1[0], $1[1], margin: $0.double("margin", 1), reduction: $0.reduction) },
    "marginRanking": {
        marginRanking($1[0], $1[1], $1[2], margin: $0.double("margin", 0), reduction: $0.reduction)
    },
    "ctc": { golden, inputs in
        ctc(
            logSoftmax(inputs[0]), inputs[1], inputLengths: golden["inputs"].ints,
            targetLengths: golden["targets"].ints, blank: golden.int("blank", 0),
            zeroInfinity: golden.bool("zero_infinity", false), reduction: golden.reduction)
    },
    "softMargin": { softMargin($1[0], $1[1], reduction: $0.reduction) },
    "multiMargin": { golden, inputs in
        multiMargin(
            inputs[0], inputs[1], p: golden.int("p", 1), margin: golden.double("margin", 1),
            weight: golden.weight(inputs), reduction: golden.reduction)
    },
    "multiLabelMargin": { multiLabelMargin($1[0], $1[1], reduction: $0.reduction) },
    "multiLabelSoftMargin": {
        multiLabelSoftMargin($1[0], $1[1], weight: $0.weight($1), reduction: $0.reduction)
    },
    "poissonNegativeLogLikelihood": { golden, inputs in
        poissonNegativeLogLikelihood(
            inputs[0], inputs[1], isLog: golden.bool("log", true), isFull: golden.bool("full", false),
            reduction: golden.reduction)
    },
    "gaussianNegativeLogLikelihood": { golden, inputs in
        gaussianNegativeLogLikelihood(
            inputs[0], inputs[1], variance: inputs[2], isFull: golden.bool("full", false),
            reduction: golden.reduction)
    },
    "tripletMarginDistance": { golden, inputs in
        tripletMargin(
            anchor: inputs[0], positive: inputs[1], negative: inputs[2], margin: 0.5, swap: true,
            reduction: golden.reduction
        ) { abs($0 - $1).sum(axes: -1) }
    },
    "linearCrossEntropy": { crossEntropy(linear($1[0], $1[1]), $1[2]) },
    "attention": { golden, inputs in
        scaledDotProductAttention(
            inputs[0], inputs[1], inputs[2], mask: inputs.count > 3 ? inputs[3] : nil,
            isCausal: golden.bool("is_causal", false), scale: golden["scale"].optionalDouble,
            isGrouped: golden.bool("enable_gqa", false))
    },
]

@Suite("Losses as in PyTorch") struct LossTests {
    @Test(arguments: NNGolden.all("loss"), TestedBackend.allCases)
    func golden(_ golden: NNGolden, on backend: TestedBackend) throws {
        try backend.run {
            for mismatch in try golden.mismatchesOfLoss() { Issue.record(Comment(rawValue: mismatch)) }
        }
    }

    @Test(arguments: TestedBackend.allCases) func impossibleAlignmentsAreInfinite(on backend: TestedBackend) {
        backend.run {
            let frames = logSoftmax(Tensor.zeros([2, 1, 3]))
            let loss = ctc(frames, Tensor([[1, 2, 1]]), inputLengths: [2], targetLengths: [3], reduction: .sum)
            #expect(loss.item() == .infinity)
        }
    }

    @Test(arguments: TestedBackend.allCases) func aWrongClassIsNamed(on backend: TestedBackend) {
        backend.run {
            let error = #expect(throws: TensorError.self) {
                try withTensorErrors { crossEntropy(Tensor.zeros([2, 3]), Tensor([0, 7])).item() }
            }
            #expect(error?.message.contains("7") == true, "\(error?.message ?? "")")
        }
    }

    @Test func targetsOfAnotherShapeAreAMistake() {
        #expect(throws: TensorError.self) {
            try withTensorErrors { crossEntropy(Tensor.zeros([2, 3]), Tensor([0, 1, 2])) }
        }
        #expect(throws: TensorError.self) {
            try withTensorErrors { meanSquaredError(Tensor.zeros([2, 1]), Tensor.zeros([2])) }
        }
        #expect(throws: TensorError.self) {
            try withTensorErrors {
                ctc(.zeros([4, 2, 3]), .zeros([2, 3], dtype: .int64), inputLengths: [5, 4], targetLengths: [1, 1])
            }
        }
    }

    @Test(arguments: TestedBackend.allCases) func ignoredTargetsHaveNoSay(on backend: TestedBackend) {
        backend.run {
            let logits = Tensor([[Double.infinity, 0], [0, 1]])
            let loss = negativeLogLikelihood(-logits, Tensor([-100, 1]))
            #expect(loss.item() == 1)
        }
    }
}
