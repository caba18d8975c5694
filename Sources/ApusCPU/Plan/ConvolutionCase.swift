import ApusGraph
import COneDNN

/// A convolution's shapes in oneDNN's terms.
struct ConvolutionCase {
    enum Pass { case forward, inputGradient, weightGradient }

    var geometry: Convolution
    var dtype: DType
    var x: [Int]
    var weight: [Int]
    var y: [Int]

    /// The case of an instruction, and which of its passes it is; nil for what is no convolution.
    ///
    /// - Parameter constants: values that stay the same from run to run.
    init?(_ instruction: Program.Instruction, _ program: Program, constants: Set<Int> = []) {
        let operands = instruction.operands.map { program.type($0).shape.dimensions }
        dtype = instruction.type.dtype
        hasConstantWeights =
            instruction.operands.count == 2 && constants.contains(instruction.operands[1])
            && instruction.operation.isForwardConvolution
        let result = instruction.type.shape.dimensions
        switch instruction.operation {
        case .convolution(let geometry):
            (self.geometry, pass) = (geometry, .forward)
            (x, weight, y) = (operands[0], operands[1], result)
        case .convolutionInputGradient(let geometry, _):
            (self.geometry, pass) = (geometry, .inputGradient)
            (x, weight, y) = (result, operands[1], operands[0])
        case .convolutionWeightGradient(let geometry, _):
            (self.geometry, pass) = (geometry, .weightGradient)
            (x, weight, y) = (operands[0], result, operands[1])
        default:
            return nil
        }
    }

    let pass: Pass
    /// Whether the weights are the same in every run: their layout costs nothing then, nor does Winograd's transform of
    /// them.
    let hasConstantWeights: Bool

    /// Two for each multiply–add of the sum as it is written; a gradient has as many as the forward pass.
    var flops: Int { 2 * y.reduce(1, *) * weight.dropFirst().reduce(1, *) }

    /// What the forward pass does to its result before it writes it.
    var postOperations: PostOperations?

    // MARK: Descriptions

    /// Weights with the groups as an axis of their own: `(G, O/G, C/G, …)`.
    var weightShape: [Int] {
        let g = geometry.groups
        return g == 1 ? weight : [g, weight[0] / g] + weight[1...]
    }

    func description(_ shape: [Int], _ format: ActivationFormat) -> dnnl_memory_desc_t {
        let tags =
            switch format {
            case .plain: [dnnl_ncw, dnnl_nchw, dnnl_ncdhw]
            case .channelsLast: [dnnl_nwc, dnnl_nhwc, dnnl_ndhwc]
            case .blocked: [dnnl_nCw16c, dnnl_nChw16c, dnnl_nCdhw16c]
            }
        return OneDNN.description(shape, tags[geometry.spatialRank - 1], dtype)
    }

    /// In the layout that users see.
    var plainWeight: dnnl_memory_desc_t {
        OneDNN.description(weightShape, strides: Shape(weightShape).strides, dtype)
    }

    // MARK: Primitives

    /// How a convolution may be computed: its activations' formats and oneDNN's algorithm. The weights' format is
    /// oneDNN's choice.
    struct Candidate {
        var x: ActivationFormat
        var y: ActivationFormat
        var algorithm = dnnl_convolution_direct

        static let channelsLast = Candidate(x: .channelsLast, y: .channelsLast)
    }

    /// The primitive of a candidate; nil where oneDNN has no optimized one.
    func optimized(_ candidate: Candidate) -> Primitive? {
        guard pass != .forward else { return Primitive(optimized: { create(candidate, .forward, $0, nil) }) }
        guard let hint = Primitive(optimized: { create(candidate, .forward, $0, nil) }) else { return nil }
        return withExtendedLifetime(hint) {
            Primitive(optimized: { create(candidate, pass, $0, hint.forwardHint) })
        }
    }

    /// The primitive of a candidate, optimized or not.
    func primitive(_ candidate: Candidate) -> Primitive {
        let what = "convolution \(x) with \(weight) \(geometry)"
        // A gradient's description takes the forward one as a hint.
        let hint = pass == .forward ? nil : Primitive({ create(candidate, .forward, $0, nil) }, what)
        return withExtendedLifetime(hint) {
            Primitive({ create(candidate, pass, $0, hint?.forwardHint) }, what)
        }
    }

    /// One number for each output channel.
    var biasDescription: dnnl_memory_desc_t { OneDNN.description([y[1]], dnnl_a, dtype) }

    private func create(
        _ candidate: Candidate, _ pass: Pass, _ attributes: dnnl_primitive_attr_t, _ hint: dnnl_primitive_desc_t?
    ) -> (dnnl_status_t, dnnl_primitive_desc_t?) {
        var (x, y) = (description(self.x, candidate.x), description(self.y, candidate.y))
        var weight = OneDNN.description(weightShape, dnnl_format_tag_any, dtype)
        var strides = geometry.stride.map(Int64.init)
        var dilation = geometry.dilation.map { Int64($0 - 1) }  // oneDNN counts the gaps
        var low = geometry.paddingLow.map(Int64.init)
        var high = paddingReached.map(Int64.init)
        var operation = dnnl_convolution_desc_t()
        let algorithm = candidate.algorithm
        let kind = hasConstantWeights ? dnnl_forward_inference : dnnl_forward_training
        // A memory of no elements' type stands for none.
        var bias = postOperations?.hasBias == true ? biasDescription : dnnl_memory_desc_t()
        postOperations?.apply(to: attributes, algorithm: algorithm)
        let status =
            switch pass {
            case .forward:
                dnnl_dilated_convolution_forward_desc_init(
                    &operation, kind, algorithm, &x, &weight, &bias, &y, &strides, &dilation, &low, &high
                )
            case .inputGradient:
                dnnl_dilated_convolution_backward_data_desc_init(
                    &operation, algorithm, &x, &weight, &y, &strides, &dilation, &low, &high)
            case .weightGradient:
                dnnl_dilated_convolution_backward_weights_desc_init(
                    &operation, algorithm, &x, &weight, nil, &y, &strides, &dilation, &low, &high)
            }
        guard status == dnnl_success else { return (status, nil) }
        if pass == .forward && prefersDirectKernel {
            let direct = Primitive.description(of: &operation, attributes) { $0.hasPrefix("jit:") }
            if let direct { return (dnnl_success, direct) }
        }
        var made: dnnl_primitive_desc_t?
        return (dnnl_primitive_desc_create(&made, &operation, attributes, OneDNN.engine, hint), made)
    }

    /// oneDNN's first choice multiplies small matrices (`brgconv`). With so few channels that a vector holds all of the
    /// output's, its direct kernel takes half to two thirds of the time.
    private var prefersDirectKernel: Bool {
        dtype == .float32 && geometry.groups == 1 && max(x[1], y[1]) <= Layout.blockSize && weight[2...] != [1, 1]
    }

    /// Padding at the end so that the output's extents come out exactly, as oneDNN checks: rows that no window reaches
    /// don't count.
    private var paddingReached: [Int] {
        (0..<geometry.spatialRank).map { axis in
            let reach = geometry.dilation[axis] * (weight[axis + 2] - 1) + 1
            return (y[axis + 2] - 1) * geometry.stride[axis] + reach - x[axis + 2] - geometry.paddingLow[axis]
        }
    }
}

extension Operation {
    fileprivate var isForwardConvolution: Bool {
        if case .convolution = self { return true }
        return false
    }
}
