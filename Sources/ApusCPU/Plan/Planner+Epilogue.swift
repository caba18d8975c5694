import ApusGraph
import COneDNN

extension Planner {
    /// A convolution and its epilogue as one primitive.
    ///
    /// - Returns: false, and nothing has happened, where oneDNN has none that is optimized.
    mutating func emitConvolution(_ epilogue: Epilogue) -> Bool {
        let instruction = program.instruction(epilogue.values[0])!
        guard instruction.operands.allSatisfy({ program.type($0).shape.elementCount > 0 }) else { return false }
        var spec = ConvolutionCase(instruction, program, constants: constantValues)!
        if usesWindows(spec) { return false }
        // The algorithm is chosen first: Winograd's alone is faster than another with the epilogue.
        guard let (candidate, _) = optimized(spec) else { return false }
        let sources = instruction.operands + [epilogue.bias, epilogue.residual].compactMap { $0 }
        let isFinite = finiteValues.isSuperset(of: sources)
        spec.postOperations = PostOperations(epilogue, keepsNaN: !isFinite)
        guard let primitive = spec.optimized(candidate) else { return false }

        let (activation, weight) = (instruction.operands[0], instruction.operands[1])
        var operands = [laidOut(activation, candidate.x).view, weights(weight, spec, primitive)]
        if let bias = epilogue.bias { operands.append(contiguous(bias).reshaped([spec.y[1]])!) }
        if isFinite && epilogue.activation != nil { needsFinite = true }
        let result = newActivation(instruction.type, candidate.y)
        if let residual = epilogue.residual {
            // oneDNN adds to what lies there. The copy falls away where the residual's memory may become the result's.
            let order = candidate.y.order(rank: spec.y.count)
            let source = laidOut(residual, candidate.y).view
            steps.append(CopyStep(from: source.transposed(order), to: result.view.transposed(order)))
            operands.append(result.view)
        }

        let hasBias = epilogue.bias != nil
        let (x, y) = (spec.description(spec.x, candidate.x), spec.description(spec.y, candidate.y))
        let (blocked, bias) = (primitive.wanted(dnnl_query_weights_md), spec.biasDescription)
        emitPrimitive(
            "convolution\(epilogue.label) \(primitive.implementation)", operands, result.view, primitive,
            flops: spec.flops
        ) { operands, out in
            [
                (DNNL_ARG_SRC, x, operands[0]), (DNNL_ARG_WEIGHTS, blocked, operands[1]), (DNNL_ARG_DST, y, out),
            ] + (hasBias ? [(DNNL_ARG_BIAS, bias, operands[2])] : [])
        }
        layouts[epilogue.result] = result
        return true
    }
}

extension Epilogue {
    /// For profiles: `+bias+residual+relu`.
    fileprivate var label: String {
        (bias == nil ? "" : "+bias") + (residual == nil ? "" : "+residual") + (activation == nil ? "" : "+relu")
    }
}
