import ApusGraph
import CKernels

extension Planner {
    /// Blocks of channels are images of their own, with 16 channels each.
    private func images(_ x: Layout) -> View {
        var images = x.view
        guard x.split != nil else { return images }
        images.shape.replaceSubrange(0...1, with: [images.shape[0] * images.shape[1]])
        images.strides.removeFirst()
        return images
    }

    private func description(_ p: Pooling, x: Layout, y: Layout) -> apus_pooling {
        let (x, y) = (images(x), images(y))
        var d = apus_pooling()
        d.kind = p.kind == .maximum ? Int32(APUS_POOL_MAXIMUM) : Int32(APUS_POOL_AVERAGE)
        d.dtype = Int32(x.dtype.rawValue)
        d.countsPadding = p.countsPadding ? 1 : 0
        d.batch = x.shape[0]
        d.channels = x.shape[1]
        let missing = 3 - p.windowSize.count
        func triple(_ values: [Int], _ filler: Int) -> (Int, Int, Int) {
            let all = [Int](repeating: filler, count: missing) + values
            return (all[0], all[1], all[2])
        }
        func five(_ strides: [Int]) -> (Int, Int, Int, Int, Int) {
            let all = Array(strides[..<2]) + [Int](repeating: 0, count: missing) + strides[2...]
            return (all[0], all[1], all[2], all[3], all[4])
        }
        d.inputSize = triple(Array(x.shape[2...]), 1)
        d.outputSize = triple(Array(y.shape[2...]), 1)
        d.window = triple(p.windowSize, 1)
        d.stride = triple(p.stride, 1)
        d.padding = triple(p.paddingLow, 0)
        d.xStrides = five(x.strides)
        d.yStrides = five(y.strides)
        return d
    }

    /// One for each element of each window.
    private func flops(_ pooling: Pooling, _ output: View) -> Int {
        output.elementCount * pooling.windowSize.reduce(1, *)
    }

    mutating func emitPool(_ pooling: Pooling, _ instruction: Instruction) -> Layout {
        let format = format(of: instruction.operands[0])
        let source = laidOut(instruction.operands[0], format)
        let result = newActivation(instruction.type, format)
        let description = description(pooling, x: source, y: result)
        emitKernel("\(pooling.kind) pool", [source.view], result.view, flops: flops(pooling, result.view)) {
            operands, out, _ in
            withUnsafePointer(to: description) { description in
                parallel(apus_pool_count(description), grain: 1) { begin, end in
                    apus_pool(description, out, operands[0], begin, end)
                }
            }
        }
        return result
    }

    /// The input of an average. Its gradient is to lie likewise, for that is what it meets next, even if the gradient that it is made
    /// of lies otherwise: that one is smaller.
    private func averaged(_ pooling: Pooling, _ input: TensorType) -> Int? {
        guard pooling.kind == .average else { return nil }
        let pool = program.instructions.first {
            $0.operation == .pool(pooling) && program.type($0.operands[0]) == input
        }
        return pool.map { $0.operands[0] }.flatMap { layouts[$0] == nil ? nil : $0 }
    }

    mutating func emitPoolGradient(_ pooling: Pooling, _ instruction: Instruction) -> Layout {
        let format = format(of: averaged(pooling, instruction.type) ?? instruction.operands.last!)
        let sources = instruction.operands.map { laidOut($0, format) }
        let result = newActivation(instruction.type, format)
        let description = description(pooling, x: result, y: sources[0])
        emitKernel(
            "\(pooling.kind) pool gradient", sources.map(\.view), result.view, flops: flops(pooling, sources[0].view)
        ) { operands, out, _ in
            withUnsafePointer(to: description) { description in
                parallel(apus_pool_count(description), grain: 1) { begin, end in
                    apus_pool_gradient(
                        description, out, operands[0], operands.count > 1 ? operands[1] : nil, begin, end)
                }
            }
        }
        return result
    }
}
