import ApusNN
import Foundation

/// Rows of numbers that kernels change in place, aligned and padded with zeros to whole vectors of the processor.
final class WordRows {
    let count: Int
    let dimension: Int
    /// Numbers from row to row.
    let stride: Int
    let memory: UnsafeMutablePointer<Float>

    /// Zeros.
    init(count: Int, dimension: Int) {
        self.count = count
        self.dimension = dimension
        stride = (dimension + 15) / 16 * 16
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(1, count * stride) * 4, alignment: 64)
        memory = raw.bindMemory(to: Float.self, capacity: max(1, count * stride))
        memory.initialize(repeating: 0, count: max(1, count * stride))
    }

    /// The rows of a matrix, (count, dimension); a vector is one row.
    convenience init(_ tensor: Tensor) {
        self.init(count: tensor.rank == 1 ? 1 : tensor.shape[0], dimension: tensor.shape[tensor.rank - 1])
        assign(tensor)
    }

    deinit { UnsafeMutableRawPointer(memory).deallocate() }

    /// Takes over a matrix of the same shape.
    func assign(_ tensor: Tensor) {
        precondition(tensor.elementCount == count * dimension, "WordRows: \(tensor.shape) for \(count) × \(dimension)")
        let values = tensor.elements(as: Float.self)
        for row in 0..<count {
            for column in 0..<dimension { memory[row * stride + column] = values[row * dimension + column] }
        }
    }

    /// The rows as a matrix, (count, dimension).
    var tensor: Tensor {
        let values = [Float](unsafeUninitializedCapacity: count * dimension) { target, filled in
            for row in 0..<count {
                (target.baseAddress! + row * dimension).initialize(from: memory + row * stride, count: dimension)
            }
            filled = count * dimension
        }
        return Tensor(values, shape: [count, dimension])
    }
}
