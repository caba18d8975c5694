import ApusNN

// Products with biases, and norms.

extension CompositeFinder {
    /// How many instructions and results use a value.
    private func isUsedOnce(_ value: Int) -> Bool { source.useCounts[value] == 1 }

    // MARK: Products

    /// `x Wᵀ` of a matrix x, where W is a weight: `Gemm` takes it as it lies.
    func productOfRows(_ value: Int) -> Composite? { gemm(value, bias: nil) }

    /// A product or convolution and the bias that is added to it.
    func biased(_ value: Int) -> Composite? {
        for (product, bias) in orders(value, of: .add) where isUsedOnce(product) {
            if let found = gemm(product, bias: bias) ?? convolution(product, bias: bias) { return found }
        }
        return nil
    }

    private func gemm(_ value: Int, bias: Int?) -> Composite? {
        guard let product = operands(value, of: .matmul), shape(value).rank == 2 else { return nil }
        let transposed = operands(product[1], of: .transpose([1, 0]))
        guard bias != nil || (transposed.map { source.isKnown($0[0]) } ?? false) else { return nil }
        var taken = [product[0], transposed?[0] ?? product[1]]
        if let bias {
            let vector = unrepeated(bias)
            guard shape(vector).rank == 1, source.isKnown(vector) else { return nil }
            taken.append(vector)
        }
        return Composite(operands: taken) { [taken] exporter in
            transposed == nil
                ? exporter.emit("Gemm", taken.map(exporter.name))
                : exporter.emit("Gemm", taken.map(exporter.name), ["transB": .int(1)])
        }
    }

    private func convolution(_ value: Int, bias: Int) -> Composite? {
        guard let instruction = source.instruction(value) else { return nil }
        let operands = instruction.operands
        switch instruction.operation {
        case .convolution(let geometry):
            guard let vector = alongChannels(bias, of: value) else { return nil }
            return Composite(operands: operands + [vector]) {
                $0.convolution(geometry, operands[0], operands[1], bias: vector)
            }
        case .convolutionInputGradient(let geometry, _):
            guard let vector = alongChannels(bias, of: value) else { return nil }
            return Composite(operands: operands + [vector]) {
                $0.transposedConvolution(value, geometry, operands[0], operands[1], bias: vector)
            }
        default: return nil
        }
    }

    /// A product whose leading axes were one for its sake: `(…, M, K) → (… · M, K) × (K, N) → (…, M, N)`.
    func product(_ value: Int) -> Composite? {
        guard let inner = beforeReshape(value), isUsedOnce(inner), let product = operands(inner, of: .matmul),
            shape(inner).rank == 2, let x = beforeReshape(product[0]), shape(value).rank > 2,
            shape(x).rank >= shape(value).rank
        else { return nil }
        let weight = product[1]
        let (leading, width) = (shape(value).rank - 1, shape(weight)[0])
        let isSame = source.variants.allSatisfy { program in
            let (from, to) = (program.type(x).shape, program.type(value).shape)
            return from.prefix(leading).elementsEqual(to.prefix(leading)) && program.type(weight).shape[0] == width
                && from.dropFirst(leading).reduce(1, *) == width
        }
        guard isSame, !shape(x).contains(0) else { return nil }
        return Composite(operands: [x, weight]) { exporter in
            let isWhole = exporter.shape(x).rank == leading + 1
            let kept = [Int](repeating: 0, count: leading)
            let rows =
                isWhole
                ? exporter.name(x)
                : exporter.emit("Reshape", [exporter.name(x), exporter.constant(kept + [width])])
            return exporter.emit("MatMul", [rows, exporter.name(weight)])
        }
    }

    // MARK: Norms

    /// `(x − mean) / √(variance + ε)` over some axes.
    private func normalized(_ value: Int) -> (x: Int, axes: [Int], epsilon: Double)? {
        for (centred, factor) in orders(value, of: .multiply) {
            guard let (x, mean) = operands(centred, of: .subtract), let first = meanParts(unrepeated(mean)),
                first.x == x, first.keepsAxes,
                let root = operand(unrepeated(factor), of: .rsqrt), let (variance, epsilon) = withNumber(root, .add),
                let second = meanParts(variance), second.axes == first.axes, second.keepsAxes,
                let square = operands(second.x, of: .multiply), square == (centred, centred)
            else { continue }
            return (x, first.axes, epsilon)
        }
        return nil
    }

    /// Layer or instance normalization, with what is multiplied and added behind it.
    func normalization(_ value: Int) -> Composite? {
        if let found = scaled(value, bias: nil) { return found }
        for (scaled, bias) in orders(value, of: .add) {
            if let found = self.scaled(scaled, bias: bias) { return found }
        }
        return nil
    }

    private func scaled(_ value: Int, bias: Int?) -> Composite? {
        if let (x, axes, epsilon) = normalized(value) { return normalization(x, axes, epsilon, nil, bias) }
        for (inner, weight) in orders(value, of: .multiply) {
            if let (x, axes, epsilon) = normalized(inner),
                let found = normalization(x, axes, epsilon, weight, bias)
            {
                return found
            }
        }
        return nil
    }

    private func normalization(
        _ x: Int, _ axes: [Int], _ epsilon: Double, _ weight: Int?, _ bias: Int?
    ) -> Composite? {
        let rank = shape(x).rank
        if axes == Array((rank - axes.count)..<rank) {
            let suffix = Shape(Array(shape(x).suffix(axes.count)))
            let parameters = [weight, bias].map { $0.map(unrepeated) }
            if parameters.allSatisfy({ $0 == nil || shape($0!) == suffix }) {
                return normalization("LayerNormalization", x, parameters, suffix, epsilon, axis: -axes.count)
            }
        }
        guard rank >= 3, axes == Array(2..<rank), type(x).dtype != .bfloat16 else { return nil }
        let parameters = [weight, bias].map { $0.map { alongChannels($0, of: x) } }
        guard !parameters.contains(.some(nil)) else { return nil }
        return normalization(
            "InstanceNormalization", x, parameters.map { $0 ?? nil }, [shape(x)[1]], epsilon, axis: nil)
    }

    private func normalization(
        _ name: String, _ x: Int, _ parameters: [Int?], _ shape: Shape, _ epsilon: Double, axis: Int?
    ) -> Composite? {
        let dtype = type(x).dtype
        return Composite(operands: [x] + parameters.compactMap { $0 }) { exporter in
            func parameter(_ index: Int, _ number: Double) -> String {
                parameters[index].map(exporter.name)
                    ?? exporter.constant(Tensor.full(shape, number, dtype: dtype).evaluated())
            }
            let operands = [exporter.name(x), parameter(0, 1)]
            guard let axis else {
                return exporter.emit(name, operands + [parameter(1, 0)], ["epsilon": .float(epsilon)])
            }
            return exporter.emit(
                name, operands + (parameters[1] == nil ? [] : [parameter(1, 0)]),
                ["axis": .int(axis), "epsilon": .float(epsilon)])
        }
    }

    /// Batch normalization by running statistics: `x · s + t` with `s = weight / √(variance + ε)` and `t = bias − mean · s`.
    func batchNormalization(_ value: Int) -> Composite? {
        guard let (product, shift) = operands(value, of: .add), let (x, factor) = operands(product, of: .multiply),
            let scale = alongChannels(factor, of: x), let offset = alongChannels(shift, of: x)
        else { return nil }
        var bias: Int?
        var moved = offset
        if let (a, b) = operands(offset, of: .add) { (moved, bias) = (a, b) }
        guard let (negative, second) = operands(moved, of: .multiply), second == scale,
            let mean = operand(negative, of: .negate)
        else { return nil }
        var weight: Int?
        var root = scale
        if let (a, b) = operands(scale, of: .multiply) { (root, weight) = (a, b) }
        guard let sum = operand(root, of: .rsqrt), let (variance, epsilon) = withNumber(sum, .add),
            ([mean, variance] + [weight, bias].compactMap { $0 }).allSatisfy({ source.isKnown($0) })
        else { return nil }
        let (channels, dtype) = (shape(mean), type(x).dtype)
        return Composite(operands: [x, mean, variance] + [weight, bias].compactMap { $0 }) { exporter in
            func parameter(_ value: Int?, _ number: Double) -> String {
                value.map(exporter.name) ?? exporter.constant(Tensor.full(channels, number, dtype: dtype).evaluated())
            }
            return exporter.emit(
                "BatchNormalization",
                [
                    exporter.name(x), parameter(weight, 1), parameter(bias, 0), exporter.name(mean),
                    exporter.name(variance),
                ], ["epsilon": .float(epsilon)])
        }
    }
}
