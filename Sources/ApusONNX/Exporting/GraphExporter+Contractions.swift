import ApusNN

// Products, convolutions, windows.

extension GraphExporter {
    /// A product of matrices, whose leading axes broadcast by themselves.
    func matmul(_ a: Int, _ b: Int) -> String {
        let sources = [a, b].map { operand -> Int in
            let before = unrepeated(operand)
            let keepsMatrix = source.variants.allSatisfy { program in
                let (whole, part) = (program.type(operand).shape, program.type(before).shape)
                return part.rank >= 2 && part.suffix(2).elementsEqual(whole.suffix(2))
            }
            return keepsMatrix ? before : operand
        }
        let isWhole = source.variants.allSatisfy { program in
            let batches = sources.map { Shape(program.type($0).shape.dropLast(2)) }
            return batches[0].broadcast(with: batches[1]) == Shape(program.type(a).shape.dropLast(2))
        }
        return emit("MatMul", [name(isWhole ? sources[0] : a), name(sources[1])])
    }

    /// A dtype that convolutions and windows have.
    private func convolved(_ dtype: DType) -> DType { dtype == .bfloat16 ? .float32 : dtype }

    /// Several operands in a dtype that an operator has, and its result back in their own.
    private func convolving(_ operands: [Int], _ body: ([String]) -> String) -> String {
        let own = type(operands[0]).dtype, known = convolved(own)
        let names = operands.map(name)
        return own == known ? body(names) : cast(body(names.map { cast($0, to: known) }), to: own)
    }

    func convolution(_ geometry: Convolution, _ x: Int, _ weight: Int, bias: Int?) -> String {
        convolving([x, weight] + (bias.map { [$0] } ?? [])) { operands in
            emit(
                "Conv", operands,
                [
                    "kernel_shape": .ints(Array(shape(weight).dropFirst(2))), "strides": .ints(geometry.stride),
                    "pads": .ints(geometry.paddingLow + geometry.paddingHigh), "dilations": .ints(geometry.dilation),
                    "group": .int(geometry.groups),
                ])
        }
    }

    func transposedConvolution(_ value: Int, _ geometry: Convolution, _ x: Int, _ weight: Int, bias: Int?) -> String {
        let kernel = Array(shape(weight).dropFirst(2))
        // What the input has behind the last place that a window reaches.
        let extra = source.agreed { program in
            kernel.indices.map { axis -> Int in
                let spread = (program.type(x).shape[axis + 2] - 1) * geometry.stride[axis]
                let reach = geometry.dilation[axis] * (kernel[axis] - 1) + 1
                let padding = geometry.paddingLow[axis] + geometry.paddingHigh[axis]
                return program.type(value).shape[axis + 2] - (spread + reach - padding)
            }
        }
        guard let extra else { return failed(value, "a transposed convolution to a size that isn't fixed") }
        return convolving([x, weight] + (bias.map { [$0] } ?? [])) { operands in
            emit(
                "ConvTranspose", operands,
                [
                    "kernel_shape": .ints(kernel), "strides": .ints(geometry.stride),
                    "pads": .ints(geometry.paddingLow + geometry.paddingHigh), "dilations": .ints(geometry.dilation),
                    "output_padding": .ints(extra), "group": .int(geometry.groups),
                ])
        }
    }

    /// The gradient by the weight: channels and batch exchanged it is a convolution, whose kernel is the gradient of the result.
    func convolutionWeightGradient(_ geometry: Convolution, _ x: Int, _ gradient: Int, _ kernel: [Int]) -> String {
        let spatial = Array(2..<(kernel.count + 2))
        let exchanged = [1, 0] + spatial
        return convolving([x, gradient]) { operands in
            // (C, N, …) with kernels (O, N, …) → (C, O, …)
            let whole = emit(
                "Conv", operands.map { transpose($0, exchanged) },
                [
                    "strides": .ints(geometry.dilation), "dilations": .ints(geometry.stride),
                    "pads": .ints(geometry.paddingLow + geometry.paddingHigh),
                ])
            let zeros = [Int](repeating: 0, count: kernel.count)
            return transpose(emit("Slice", [whole, constant(zeros), constant(kernel), constant(spatial)]), exchanged)
        }
    }

    func pool(_ pooling: Pooling, _ x: Int) -> String {
        convolving([x]) { operands in
            let (window, strides) = (AttributeValue.ints(pooling.windowSize), AttributeValue.ints(pooling.stride))
            let pads = AttributeValue.ints(pooling.paddingLow + pooling.paddingHigh)
            switch pooling.kind {
            case .maximum:
                return emit("MaxPool", operands, ["kernel_shape": window, "strides": strides, "pads": pads])
            case .average:
                return emit(
                    "AveragePool", operands,
                    [
                        "kernel_shape": window, "strides": strides, "pads": pads,
                        "count_include_pad": .int(pooling.countsPadding ? 1 : 0),
                    ])
            }
        }
    }

    /// `softmax(q kᵀ · scale + mask) v`
    func attention(_ value: Int, _ attention: Attention, _ operands: [Int]) -> String {
        let own = type(value).dtype, dtype = own.ofArithmetic
        func operand(_ index: Int) -> String {
            own == dtype ? name(operands[index]) : cast(name(operands[index]), to: dtype)
        }
        let rank = shape(operands[1]).rank
        let keys = transpose(operand(1), Array(0..<(rank - 2)) + [rank - 1, rank - 2])
        let query = attention.scale == 1 ? operand(0) : emit("Mul", [operand(0), constant(attention.scale, dtype)])
        var scores = emit("MatMul", [query, keys])  // (…, L, S)
        if attention.isCausal {
            guard
                let extents = source.agreed({
                    [$0.type(operands[0]).shape[rank - 2], $0.type(operands[1]).shape[rank - 2]]
                })
            else { return failed(value, "a causal mask over a dynamic axis") }
            let (queries, keys) = (Tensor.iota(Shape(extents), axis: 0), Tensor.iota(Shape(extents), axis: 1))
            scores = emit("Where", [constant((keys .<= queries).evaluated()), scores, constant(-.infinity, dtype)])
        }
        if operands.count > 3 { scores = emit("Add", [scores, name(unrepeated(operands[3]))]) }
        var weights = emit("Softmax", [scores], ["axis": .int(-1)])
        if operands.count > 3 {
            // A query that sees no key gets zeros.
            weights = emit("Where", [emit("IsNaN", [weights]), constant(0, dtype), weights])
        }
        let result = emit("MatMul", [weights, operand(2)])
        return own == dtype ? result : cast(result, to: own)
    }
}
