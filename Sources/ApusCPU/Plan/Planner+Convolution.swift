import ApusGraph
import COneDNN
import Foundation

extension Planner {
    mutating func emitConvolution(_ instruction: Instruction) throws -> Layout {
        let spec = ConvolutionCase(instruction, program, constants: constantValues)!
        let operands = instruction.operands.map { program.type($0).shape.elementCount }
        if instruction.type.shape.elementCount == 0 || operands.contains(0) {
            let result = newView(instruction.type)
            let bytes = instruction.type.byteCount
            emitKernel("empty convolution", [], result) { _, out, _ in memset(out, 0, bytes) }
            return Layout(result)
        }
        if usesWindows(spec) { return emitByWindows(spec, instruction) }
        let (candidate, primitive) = chosen(spec)
        let (first, second) = (instruction.operands[0], instruction.operands[1])
        return switch spec.pass {
        case .forward, .inputGradient:
            emitConvolution(spec, candidate, primitive, activation: first, weight: second, instruction.type)
        case .weightGradient:
            Layout(emitWeightGradient(spec, candidate, primitive, x: first, gradient: second))
        }
    }

    private func chosen(_ spec: ConvolutionCase) -> (ConvolutionCase.Candidate, Primitive) {
        if let best = optimized(spec) { return best }
        let last = spec.candidates(activations, options).last!
        return (last, spec.primitive(last))
    }

    /// The first candidate that oneDNN has an optimized primitive for.
    func optimized(_ spec: ConvolutionCase) -> (ConvolutionCase.Candidate, Primitive)? {
        for candidate in spec.candidates(activations, options) {
            if let primitive = spec.optimized(candidate) { return (candidate, primitive) }
        }
        return nil
    }

    /// Forward, or the gradient by the input: from an activation and weights to an activation.
    private mutating func emitConvolution(
        _ spec: ConvolutionCase, _ candidate: ConvolutionCase.Candidate, _ primitive: Primitive, activation: Int,
        weight: Int, _ type: TensorType
    ) -> Layout {
        let isForward = spec.pass == .forward
        let source = laidOut(activation, isForward ? candidate.x : candidate.y).view
        let blocked = primitive.wanted(dnnl_query_weights_md)
        let weights = weights(weight, spec, primitive)
        let result = newActivation(type, isForward ? candidate.y : candidate.x)
        let (x, y) = (spec.description(spec.x, candidate.x), spec.description(spec.y, candidate.y))
        emitPrimitive(
            "convolution \(spec.pass) \(primitive.implementation)", [source, weights], result.view, primitive,
            flops: spec.flops
        ) { operands, out in
            [
                (isForward ? DNNL_ARG_SRC : DNNL_ARG_DIFF_DST, isForward ? x : y, operands[0]),
                (DNNL_ARG_WEIGHTS, blocked, operands[1]),
                (isForward ? DNNL_ARG_DST : DNNL_ARG_DIFF_SRC, isForward ? y : x, out),
            ]
        }
        return result
    }

    private mutating func emitWeightGradient(
        _ spec: ConvolutionCase, _ candidate: ConvolutionCase.Candidate, _ primitive: Primitive, x: Int, gradient: Int
    ) -> View {
        let source = laidOut(x, candidate.x).view
        let incoming = laidOut(gradient, candidate.y).view
        let blocked = primitive.wanted(dnnl_query_diff_weights_md)
        let raw = block(blocked, spec.dtype)
        let xDescription = spec.description(spec.x, candidate.x)
        let yDescription = spec.description(spec.y, candidate.y)
        emitPrimitive(
            "convolution weightGradient \(primitive.implementation)", [source, incoming], raw, primitive,
            flops: spec.flops
        ) { operands, out in
            [
                (DNNL_ARG_SRC, xDescription, operands[0]), (DNNL_ARG_DIFF_DST, yDescription, operands[1]),
                (DNNL_ARG_DIFF_WEIGHTS, blocked, out),
            ]
        }
        let result = newView(TensorType(Shape(spec.weight), spec.dtype))
        emitReorder(raw, blocked, result, spec.plainWeight)
        return result
    }

    // MARK: Weights

    /// In the layout that a primitive wants them in.
    mutating func weights(_ weight: Int, _ spec: ConvolutionCase, _ primitive: Primitive) -> View {
        emitReordered(contiguous(weight), spec.plainWeight, primitive.wanted(dnnl_query_weights_md))
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
