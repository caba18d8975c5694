import ApusGraph
import ApusReference
import Testing

@Suite struct TensorErrorTests {
    private let pair = vector([1, 2]).node
    private let triple = vector([1, 2, 3]).node

    @Test func theFirstMistakeIsThrown() {
        let mistake = TensorError("add: float32[2] with float32[3]")
        #expect(throws: mistake) {
            try withTensorErrors {
                let bad = pair + triple
                _ = Node.make(.reshape([7]), [bad])
            }
        }
    }

    @Test func bodyRunsToItsEnd() {
        var ran = false
        #expect(throws: TensorError.self) {
            try withTensorErrors {
                let bad = pair + triple
                #expect(value(of: bad * pair).values == [0, 0], "a mistake gives zeros")
                ran = true
            }
        }
        #expect(ran)
    }

    @Test func withoutAMistakeTheResultComesBack() throws {
        #expect(try withTensorErrors { value(of: pair + pair).values } == [2, 4])
    }

    @Test func anErrorOfBodyIsThrown() {
        struct Other: Error {}
        #expect(throws: Other.self) { try withTensorErrors { throw Other() } }
    }

    @Test func aMistakeComesBeforeTheErrorThatFollowsFromIt() {
        struct Other: Error {}
        #expect(throws: TensorError.self) {
            try withTensorErrors { () throws -> Void in
                _ = pair + triple
                throw Other()
            }
        }
    }

    @Test func theInnerOneCatchesItsOwn() throws {
        try withTensorErrors { () throws -> Void in
            #expect(throws: TensorError.self) { try withTensorErrors { _ = pair + triple } }
        }
    }

    @Test func anIndexOutOfRangeIsFoundWhenLookedAt() {
        let indices = vector([0, 2], .int64).node
        #expect(throws: TensorError("gather: index 2 is outside 0..<2, axis 0 of [2]")) {
            try withTensorErrors { _ = value(of: .make(.gather(axis: 0), [pair, indices])) }
        }
    }

    @Test func laterUseIsFine() throws {
        #expect(throws: TensorError.self) { try withTensorErrors { _ = pair + triple } }
        #expect(value(of: pair + pair).values == [2, 4])
        #expect(try withTensorErrors { value(of: triple * triple).values } == [1, 4, 9])
    }

    @Test func outsideAMistakeTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = vector([1, 2]).node + vector([1, 2, 3]).node
        }
    }

    @Test func aMistakenResultThatLeftTraps() async {
        await #expect(processExitsWith: .failure) {
            nonisolated(unsafe) var leaked: Node?
            try? withTensorErrors { leaked = vector([1, 2]).node + vector([1, 2, 3]).node }
            _ = value(of: leaked! + leaked!)
        }
    }
}
