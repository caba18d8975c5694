import ApusTensor
import ApusTestSupport
import Testing

/// Averages over windows side by side, channels last: the kernel takes more lanes at a time than there are channels, where there is room.
@Suite("Tiled pools")
struct TiledPoolTests {
    @Test(arguments: [2, 3, 6, 15, 16, 17], [[2, 2], [1, 3], [4, 1]])
    func averages(_ channels: Int, _ window: [Int]) throws {
        // No rows and columns left over, some of them, and a row of one window.
        for (rows, columns) in [(4, 12), (9, 23), (5, 3)] {
            let (height, width) = (max(rows, window[0]), max(columns, window[1]))
            let pooling = Pooling(
                .average, windowSize: window, stride: window, paddingLow: [0, 0], paddingHigh: [0, 0])
            let output = pooling.outputSize(input: [height, width])
            try check(.pool(pooling), stored: [2, height, width, channels])
            try check(.poolGradient(pooling, inputSize: [height, width]), stored: [2, output[0], output[1], channels])
        }
    }

    /// One operation on what is stored as (N, H, W, C), float32 and float64.
    private func check(_ operation: Operation, stored shape: Shape) throws {
        for dtype in [DType.float32, .float64] {
            let x = TensorMaker(seed: 11).uniform(shape, in: -1...1, dtype: dtype)
            let moved = TensorType([shape[0], shape[3], shape[1], shape[2]], dtype)
            let result = try operation.resultType([moved])
            let program = Program(
                inputs: [x.node.type],
                instructions: [.init(.transpose([0, 3, 1, 2]), [0], moved), .init(operation, [1], result)], outputs: [2]
            )
            try expectConformance(program, [x])
        }
    }
}
