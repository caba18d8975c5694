import ApusNN

// Over axes and along them.

extension GraphExporter {
    /// The dtype in which ONNX can reduce: bool and, for sums, uint8 are none.
    private func reducible(_ dtype: DType, sums: Bool) -> DType {
        switch dtype {
        case .bool: .int32
        case .uint8: sums ? .int32 : dtype
        default: dtype
        }
    }

    func reduce(_ reduction: Reduction, _ x: Int, _ axes: [Int], keepingAxes: Bool) -> String {
        let (name, sums) =
            switch reduction {
            case .sum: ("ReduceSum", true)
            case .product: ("ReduceProd", true)
            // On bool "any" and "all", of nothing too.
            case .maximum: type(x).dtype == .bool ? ("ReduceSum", true) : ("ReduceMax", false)
            case .minimum: type(x).dtype == .bool ? ("ReduceProd", true) : ("ReduceMin", false)
            }
        return through(reducible(type(x).dtype, sums: sums), x) {
            reduce(name, $0, axes, keepingAxes: keepingAxes)
        }
    }

    /// A reduction by its name. The axes are an input of sums, and since version 18 of the others.
    func reduce(_ name: String, _ x: String, _ axes: [Int], keepingAxes: Bool) -> String {
        let keeps = AttributeValue.int(keepingAxes ? 1 : 0)
        if name == "ReduceSum" || operatorSet >= 18 { return emit(name, [x, constant(axes)], ["keepdims": keeps]) }
        return emit(name, [x], ["axes": .ints(axes), "keepdims": keeps])
    }

    func argReduce(_ reduction: ArgReduction, _ x: Int, _ axis: Int) -> String {
        let known = reducible(type(x).dtype, sums: false)
        let operand = known == type(x).dtype ? name(x) : cast(name(x), to: known)
        return emit(
            reduction == .maximum ? "ArgMax" : "ArgMin", [operand], ["axis": .int(axis), "keepdims": .int(0)])
    }

    /// Running sums are an operator; other running reductions are a loop over the axis.
    func scan(_ scan: Scan, _ x: Int, _ axis: Int, _ reverse: Bool) -> String {
        if shape(x).contains(0) { return name(x) }
        let (name, first): (String, Double) =
            switch scan {
            case .sum: ("Add", 0)
            case .product: ("Mul", 1)
            case .maximum: ("Max", type(x).dtype.isFloatingPoint ? -.infinity : type(x).dtype.least)
            case .minimum: ("Min", type(x).dtype.isFloatingPoint ? .infinity : type(x).dtype.greatest)
            }
        let dtype = reducible(type(x).dtype, sums: true)
        return through(dtype, x) { operand in
            if scan == .sum {
                return emit("CumSum", [operand, constant(Tensor(axis))], ["reverse": .int(reverse ? 1 : 0)])
            }
            let slice = shape(x).removing(axes: [axis])
            guard source.agreed({ $0.type(x).shape.removing(axes: [axis]) }) != nil else {
                return failed(x, "a running \(scan) beside a dynamic axis")
            }
            let start = constant(Tensor(first, dtype: .float64).cast(to: dtype).broadcast(to: slice).evaluated())
            return emit(
                "Scan", [start, operand],
                [
                    "body": .graph(step(name, TensorType(slice, dtype))), "num_scan_inputs": .int(1),
                    "scan_input_axes": .ints([axis]), "scan_output_axes": .ints([axis]),
                    "scan_input_directions": .ints([reverse ? 1 : 0]),
                    "scan_output_directions": .ints([reverse ? 1 : 0]),
                ], outputs: 2)[1]
        }
    }

    /// What a running reduction does at one place: `(state, element) → (state, state)`.
    private func step(_ name: String, _ type: TensorType) -> GraphProto {
        func value(_ name: String) -> ValueInfoProto {
            var info = ValueInfoProto()
            info.name = name
            info.type.tensorType.elemType = ONNXElementType(type.dtype).rawValue
            info.type.tensorType.shape.dim = type.shape.map { extent in
                var dimension = TensorShapeProto.Dimension()
                dimension.dimValue = Int64(extent)
                return dimension
            }
            return info
        }
        func node(_ name: String, _ inputs: [String], _ output: String) -> NodeProto {
            var node = NodeProto()
            (node.opType, node.input, node.output) = (name, inputs, [output])
            return node
        }
        var graph = GraphProto()
        graph.name = "step"
        graph.input = [value("state"), value("element")]
        graph.output = [value("next"), value("result")]
        graph.node = [node(name, ["state", "element"], "next"), node("Identity", ["next"], "result")]
        return graph
    }

    /// All elements of an axis in order, and where they were; of equal ones the first comes first.
    func topK(
        _ value: Int, _ x: Int, _ axis: Int, _ descending: Bool, count: Int? = nil
    ) -> (values: String, indices: String) {
        guard let extent = source.agreed({ $0.type(x).shape[axis] }) else {
            let name = failed(value, "an order along a dynamic axis")
            return (name, name)
        }
        let key = "TopK \(x) \(axis) \(descending) \(count ?? extent)"
        let dtype = type(x).dtype
        let known = dtype == .bfloat16 ? .float32 : reducible(dtype, sums: false)
        let results =
            shared[key]
            ?? emit(
                "TopK", [known == dtype ? name(x) : cast(name(x), to: known), constant([count ?? extent])],
                ["axis": .int(axis), "largest": .int(descending ? 1 : 0)], outputs: 2)
        shared[key] = results
        return (known == dtype ? results[0] : cast(results[0], to: dtype), results[1])
    }
}
