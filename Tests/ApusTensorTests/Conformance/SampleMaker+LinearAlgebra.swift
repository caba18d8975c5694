import ApusTensor
import ApusTestSupport

extension SampleMaker {
    /// Matrices whose factors are well determined: random ones with values far from each other.
    func systems(_ family: OperationFamily) -> [Sample] {
        guard dtype == .float32 || dtype == .float64 else { return [] }
        let lead = size == .small ? Array(shape(rank: maker.integer(in: 0...2))) : [3]
        func extent() -> Int { size == .small ? maker.integer(in: 0...6) : maker.integer(in: 30...50) }
        let (m, n, k) = (extent(), extent(), extent())
        let square = regular(lead, n, n)
        if family == .triangularSolve {
            let b = tensor(Shape(lead + [n, k]))
            return [false, true].flatMap { upper in
                [false, true].map { unit in
                    // Beside ones, small numbers keep the solution small.
                    Sample(
                        .triangularSolve(upper: upper, unitDiagonal: unit), unit ? square * 0.03 : square, b, slack: 100
                    )
                }
            }
        }
        return Factorization.allCases.map { kind in
            let operand: Tensor
            switch kind {
            case .cholesky: operand = matmul(square, square.T)
            case .eigen, .eigenvalues: operand = square + square.T
            default: operand = regular(lead, m, n)
            }
            return Sample(.factorization(kind), operand, slack: size == .small ? 300 : 3000)
        }
    }

    /// Matrices with different numbers on the diagonal, larger than the others.
    private func regular(_ lead: [Int], _ m: Int, _ n: Int) -> Tensor {
        let noise =
            maker.uniform(Shape(lead + [m, n]), in: -1...1, dtype: dtype) * (1 / Double(max(m, n, 1)).squareRoot())
        let diagonal = Tensor.identity(m, n, dtype: dtype) * (Tensor.range(n, dtype: dtype) * 1.5 + 2)
        return noise + diagonal
    }

    /// Lengths with small factors, prime ones and long ones.
    func transforms() -> [Sample] {
        guard dtype == .float32 || dtype == .float64 else { return [] }
        let length = size == .small ? maker.choose([1, 2, 3, 4, 7, 12, 30, 37]) : maker.choose([256, 509, 1000, 4100])
        let lead = size == .small ? Array(shape(rank: maker.integer(in: 0...2))) : [2]
        return FourierTransform.Kind.allCases.map { kind in
            let transform = FourierTransform(kind, length: length)
            return Sample(.fourier(transform), tensor(Shape(lead + transform.inputExtents)), slack: 300)
        }
    }
}
