import ApusTensor
import ApusTestSupport
import Foundation
import Synchronization
import Testing

/// An offered value is overwritten only where nobody can see it any more.
@Suite("Offered memory") struct OfferedMemoryTests {
    private func makeOffered() -> Tensor {
        let x = Tensor((0..<1000).map(Double.init)).evaluated()
        x.node.offerMemory()
        return x
    }

    private func address(_ x: Tensor) -> UnsafeMutableRawPointer { x.buffer.pointer }

    private func expect(_ x: Tensor, _ f: (Float) -> Float, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(x.elements(as: Float.self) == (0..<1000).map { f(Float($0)) }, sourceLocation: sourceLocation)
    }

    @Test func theNewValueTakesThePlaceOfTheOld() {
        var x = makeOffered()
        let place = address(x)
        for step in 1...3 {
            x.node.offerMemory()
            x = x + 1
            evaluate([x])
            #expect(address(x) == place)
            expect(x) { $0 + Float(step) }
        }
    }

    @Test func whatIsNotOfferedStays() {
        var x = Tensor((0..<1000).map(Double.init)).evaluated()
        let place = address(x)
        x = x + 1
        evaluate([x])
        #expect(address(x) != place)
    }

    @Test func aTensorThatShowsTheOldValueKeepsIt() {
        let old = makeOffered()
        let new = (old + 1).evaluated()
        expect(new) { $0 + 1 }
        expect(old) { $0 }
    }

    @Test func aBufferInSomebodysHandsStays() {
        var x = makeOffered()
        let buffer = x.buffer
        x = x + 1
        evaluate([x])
        expect(x) { $0 + 1 }
        #expect(buffer.elements(as: Float.self)[7] == 7)
    }

    @Test func somethingPendingThatNeedsTheOldValueGetsIt() {
        func make() -> (new: Tensor, later: Tensor) {
            let x = makeOffered()
            return (x + 1, x * 3)
        }
        let (new, later) = make()
        expect(new) { $0 + 1 }
        expect(later) { $0 * 3 }
    }

    @Test func somethingPendingThatNeedsItThroughAHiddenNodeGetsIt() {
        func make() -> (new: Tensor, later: Tensor) {
            let hidden = exp(makeOffered() * 0) * 2  // 2, not shown once this returns
            return (hidden + 1, hidden * 3)
        }
        let (new, later) = make()
        expect(new) { _ in 3 }
        expect(later) { _ in 6 }
    }

    @Test func aGradientThatIsStillTakenFindsTheOldValue() {
        func squares() -> Tensor {
            let x = makeOffered()
            return gradient(at: x) { x in
                let y = (x * x).sum()
                _ = y.item()  // evaluated on the way
                return y
            }
        }
        expect(squares()) { 2 * $0 }
    }

    @Test func anInputReadTwiceOrAfterwardsIsNotSpoiled() {
        func make() -> [Tensor] {
            let x = makeOffered()
            let mirrored = x.reversed(axes: 0)
            return [x + 1, x * mirrored, mirrored - 1]
        }
        let results = make()
        evaluate(results)
        expect(results[0]) { $0 + 1 }
        expect(results[1]) { $0 * (999 - $0) }
        expect(results[2]) { 998 - $0 }
    }

    @Test func borrowedMemoryIsNeverOverwritten() {
        final class Owner: Sendable {}
        let memory = UnsafeMutablePointer<Float>.allocate(capacity: 4)
        memory.initialize(repeating: 5, count: 4)
        defer { memory.deallocate() }
        func make() -> Tensor {
            let buffer = Buffer(borrowing: memory, byteCount: 16, owner: Owner())
            let x = Tensor(Node(buffer, type: TensorType([4], .float32)))
            x.node.offerMemory()
            return x * 2
        }
        #expect(make().elements(as: Float.self) == [10, 10, 10, 10])
        #expect(memory[0] == 5)
    }

    @Test func threadsThatWantTheSameAllGetIt() {
        for _ in 0..<200 {
            func make() -> Tensor { exp((makeOffered() + 1) * 0) }
            let shared = make()
            let sums = Mutex([Float]())
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                let value = shared.elements(as: Float.self)[9]
                sums.withLock { $0.append(value) }
            }
            #expect(sums.withLock { $0 } == [1, 1, 1, 1])
        }
    }

    @Test func threadsThatWantDifferentThingsOfItAllGetThem() {
        for _ in 0..<200 {
            func make() -> (Tensor, Tensor) {
                let hidden = makeOffered() + 1
                return (hidden * 2, hidden * 3)
            }
            let (a, b) = make()
            let sums = Mutex([Float]())
            DispatchQueue.concurrentPerform(iterations: 4) { thread in
                let tensor = thread % 2 == 0 ? a : b
                let sum = tensor.elements(as: Float.self)[9] / (thread % 2 == 0 ? 2 : 3)
                sums.withLock { $0.append(sum) }
            }
            #expect(sums.withLock { $0 } == [10, 10, 10, 10])
        }
    }
}
