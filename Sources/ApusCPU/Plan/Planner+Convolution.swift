import ApusGraph
import COneDNN
import Foundation

/// A convolution's shapes in oneDNN's terms.
private struct ConvolutionCase {
    var geometry: Convolution
    var dtype: DType
    var x: [Int]
    var weight: [Int]
    var y: [Int]

    /// Weights with the groups as an axis of their own: `(G, O/G, C/G, …)`.
    var weightShape: [Int] {
        let g = geometry.groups
        return g == 1 ? weight : [g, weight[0] / g] + weight[1...]
    }

    /// Activations with the channels next to each other.
    var activationTag: dnnl_format_tag_t { [dnnl_nwc, dnnl_nhwc, dnnl_ndhwc][geometry.spatialRank - 1] }

    /// Two for each multiply–add; a gradient has as many as the forward pass.
    var flops: Int { 2 * y.reduce(1, *) * weight.dropFirst().reduce(1, *) }

    var xDescription: dnnl_memory_desc_t { OneDNN.description(x, activationTag, dtype) }
    var yDescription: dnnl_memory_desc_t { OneDNN.description(y, activationTag, dtype) }
    /// In the layout that users see.
    var plainWeight: dnnl_memory_desc_t {
        OneDNN.description(weightShape, strides: Shape(weightShape).strides, dtype)
    }
    var anyWeight: dnnl_memory_desc_t { OneDNN.description(weightShape, dnnl_format_tag_any, dtype) }

    enum Pass { case forward, inputGradient, weightGradient }

    /// The primitive of a pass; the weights' layout is its choice.
    func primitive(_ pass: Pass) -> Primitive {
        // A gradient's description takes the forward one as a hint.
        let hint = pass == .forward ? nil : primitive(.forward)
        return withExtendedLifetime(hint) {
            Primitive({ create(pass, $0, hint?.forwardHint) }, "convolution \(x) with \(weight) \(geometry)")
        }
    }

    private func create(
        _ pass: Pass, _ attributes: dnnl_primitive_attr_t, _ hint: dnnl_primitive_desc_t?
    ) -> (dnnl_status_t, dnnl_primitive_desc_t?) {
        var (x, weight, y) = (xDescription, anyWeight, yDescription)
        var strides = geometry.stride.map(Int64.init)
        var dilation = geometry.dilation.map { Int64($0 - 1) }  // oneDNN counts the gaps
        var low = geometry.paddingLow.map(Int64.init)
        var high = paddingReached.map(Int64.init)
        var operation = dnnl_convolution_desc_t()
        let algorithm = dnnl_convolution_direct
        let status =
            switch pass {
            case .forward:
                dnnl_dilated_convolution_forward_desc_init(
                    &operation, dnnl_forward_training, algorithm, &x, &weight, nil, &y, &strides, &dilation, &low, &high
                )
            case .inputGradient:
                dnnl_dilated_convolution_backward_data_desc_init(
                    &operation, algorithm, &x, &weight, &y, &strides, &dilation, &low, &high)
            case .weightGradient:
                dnnl_dilated_convolution_backward_weights_desc_init(
                    &operation, algorithm, &x, &weight, nil, &y, &strides, &dilation, &low, &high)
            }
        guard status == dnnl_success else { return (status, nil) }
        var made: dnnl_primitive_desc_t?
        return (dnnl_primitive_desc_create(&made, &operation, attributes, OneDNN.engine, hint), made)
    }

    /// Padding at the end so that the output's extents come out exactly, as oneDNN checks: rows that no window reaches don't count.
    private var paddingReached: [Int] {
        (0..<geometry.spatialRank).map { axis in
            let reach = geometry.dilation[axis] * (weight[axis + 2] - 1) + 1
            return (y[axis + 2] - 1) * geometry.stride[axis] + reach - x[axis + 2] - geometry.paddingLow[axis]
        }
    }
}

extension Planner {
    mutating func emitConvolution(_ instruction: Instruction) throws -> View {
        let (a, b) = (program.type(instruction.operands[0]), program.type(instruction.operands[1]))
        let type = instruction.type
        if type.shape.elementCount == 0 || a.shape.elementCount == 0 || b.shape.elementCount == 0 {
            let result = newView(type)
            emitKernel("empty convolution", [], result) { _, out, _ in memset(out, 0, type.byteCount) }
            return result
        }
        let (first, second) = (instruction.operands[0], instruction.operands[1])
        switch instruction.operation {
        case .convolution(let geometry):
            let spec = ConvolutionCase(
                geometry: geometry, dtype: type.dtype, x: a.shape.dimensions, weight: b.shape.dimensions,
                y: type.shape.dimensions)
            return emitConvolution(spec, .forward, activation: first, weight: second, type)
        case .convolutionInputGradient(let geometry, _):
            let spec = ConvolutionCase(
                geometry: geometry, dtype: type.dtype, x: type.shape.dimensions, weight: b.shape.dimensions,
                y: a.shape.dimensions)
            return emitConvolution(spec, .inputGradient, activation: first, weight: second, type)
        case .convolutionWeightGradient(let geometry, _):
            let spec = ConvolutionCase(
                geometry: geometry, dtype: type.dtype, x: a.shape.dimensions, weight: type.shape.dimensions,
                y: b.shape.dimensions)
            return emitWeightGradient(spec, x: first, gradient: second, type)
        default:
            preconditionFailure("not a convolution")
        }
    }

    private func channelsLast(_ rank: Int) -> [Int] { [0] + Array(2..<rank) + [1] }

    /// Forward, or the gradient by the input: from an activation and weights to an activation.
    private mutating func emitConvolution(
        _ spec: ConvolutionCase, _ pass: ConvolutionCase.Pass, activation: Int, weight: Int, _ type: TensorType
    ) -> View {
        let primitive = spec.primitive(pass)
        let source = dense(view(activation), order: channelsLast(type.shape.rank))
        let blocked = primitive.wanted(dnnl_query_weights_md)
        let weights = emitReordered(contiguous(weight), spec.plainWeight, blocked)
        let result = newView(type, order: channelsLast(type.shape.rank))
        let (x, y) = (spec.xDescription, spec.yDescription)
        let isForward = pass == .forward
        emitPrimitive(
            "convolution \(pass) \(primitive.implementation)", [source, weights], result, primitive, flops: spec.flops
        ) { operands, out in
            [
                (isForward ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST, isForward ? x : y, operands[0]),
                (DNNL_ARG_WEIGHTS, blocked, operands[1]),
                (isForward ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC, isForward ? y : x, out),
            ]
        }
        return result
    }

    private mutating func emitWeightGradient(_ spec: ConvolutionCase, x: Int, gradient: Int, _ type: TensorType) -> View
    {
        let primitive = spec.primitive(.weightGradient)
        let order = channelsLast(type.shape.rank)
        let source = dense(view(x), order: order)
        let incoming = dense(view(gradient), order: order)
        let blocked = primitive.wanted(dnnl_query_diff_weights_md)
        let raw = block(blocked, type.dtype)
        let (xDescription, yDescription) = (spec.xDescription, spec.yDescription)
        emitPrimitive(
            "convolution weightGradient \(primitive.implementation)", [source, incoming], raw, primitive,
            flops: spec.flops
        ) { operands, out in
            [
                (DNNL_ARG_SRC, xDescription, operands[0]), (DNNL_ARG_DIFF_DST, yDescription, operands[1]),
                (DNNL_ARG_DIFF_WEIGHTS, blocked, out),
            ]
        }
        let result = newView(type)
        emitReorder(raw, blocked, result, spec.plainWeight)
        return result
    }

    /// A view of memory in oneDNN's own layout: only oneDNN reads it.
    private mutating func block(_ description: dnnl_memory_desc_t, _ dtype: DType) -> View {
        var description = description
        let bytes = dnnl_memory_desc_get_size(&description)
        return newView(TensorType([bytes / dtype.byteCount], dtype))
    }

    private mutating func emitReordered(_ x: View, _ from: dnnl_memory_desc_t, _ to: dnnl_memory_desc_t) -> View {
        var (a, b) = (from, to)
        if dnnl_memory_desc_equal(&a, &b) != 0 { return x }
        let result = block(to, x.dtype)
        emitReorder(x, from, result, to)
        return result
    }

    private mutating func emitReorder(_ x: View, _ from: dnnl_memory_desc_t, _ result: View, _ to: dnnl_memory_desc_t) {
        let primitive = Primitive.reorder(from, to)
        emitPrimitive("reorder \(x.shape)", [x], result, primitive) { operands, out in
            [(DNNL_ARG_FROM, from, operands[0]), (DNNL_ARG_TO, to, out)]
        }
    }
}
