import ApusTensor
import ApusTestSupport
import Foundation
import Testing

@Suite("Codable")
struct CodableTests {
    @Test(arguments: DType.allCases, [[], [0, 3], [2, 1, 3]] as [Shape])
    func tensorsComeBackAsTheyWere(_ dtype: DType, _ shape: Shape) throws {
        let x = TestedBackend.reference.run {
            TensorMaker(seed: 1).eighths(shape, in: 0...4).cast(to: dtype).evaluated()
        }
        let data = try JSONEncoder().encode(x)
        let decoded = try JSONDecoder().decode(Tensor.self, from: data)
        TestedBackend.reference.run { expectClose(decoded, x, .exact) }
    }

    @Test(arguments: [
        #"{"shape":[2],"dtype":"float32","data":"AAAA"}"#, #"{"shape":[2],"dtype":"float33","data":"AAAAAAAAAAA="}"#,
        #"{"shape":[-1],"dtype":"uint8","data":""}"#, #"{"shape":[1],"dtype":"bool","data":"Ag=="}"#,
        #"{"shape":[4611686018427387904,4],"dtype":"float32","data":""}"#,
    ])
    func damagedOnesAreRefused(_ json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Tensor.self, from: Data(json.utf8)) }
    }

    @Test func debuggingDoesNotEvaluate() {
        let x = Tensor([1.0, 2.0]) + 1
        #expect(x.debugDescription == "float32[2] add, pending")
        #expect(!x.node.isEvaluated)
    }
}
