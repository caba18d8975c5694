import ApusGraph
import ApusReference
import Foundation
import Synchronization
import Testing

@Suite(.serialized) struct EvaluationTests {
    private let one = scalar(1, .float64).node

    /// A chain that no bound on pending nodes cuts, for it is made past `Node.make`.
    private func chain(_ length: Int) -> Node {
        var node = one
        for _ in 0..<length { node = Node(.binary(.add), [node, one], type: one.type) }
        return node
    }

    @Test func aMillionAddsAreEvaluatedWithoutRecursion() {
        #expect(value(of: chain(1_000_000)).values == [1_000_001])
    }

    @Test func aMillionAddsAreFreedWithoutRecursion() {
        weak var first: Node?
        do {
            let start = one + one
            first = start
            var node = start
            for _ in 0..<1_000_000 { node = Node(.binary(.add), [node, one], type: one.type) }
            #expect(!node.isEvaluated)
        }
        #expect(first == nil)
    }

    @Test func aLoopThatNeverLooksKeepsBoundedMemory() {
        let (steps, kilobyte) = (200_000, [Double](repeating: 1, count: 128))
        let start = MemoryStatistics.current.inUse
        var most = 0
        var total = vector(kilobyte, .float64).node
        Engine.withBackend(ReferenceBackend.shared) {
            for _ in 0..<steps {
                total = total + Node(Buffer(copying: kilobyte), type: total.type)
                most = max(most, MemoryStatistics.current.inUse - start)
            }
        }
        #expect(most < 100 << 20, "\(most) bytes; all of the steps would be \(steps << 10)")
        #expect(value(of: total).values[0] == Double(steps + 1))
    }

    @Test func manyThreadsEvaluateTheSameNodes() {
        for _ in 0..<50 {
            var nodes = [vector([1, 2, 3]).node]
            for _ in 0..<50 { nodes.append(nodes[nodes.count - 1] + nodes[nodes.count / 2]) }
            var expected: [[Double]] = [[1, 2, 3]]
            for index in 1...50 { expected.append(zip(expected[index - 1], expected[index / 2]).map(+)) }
            let graph = nodes
            let results = Mutex([Int: [[Double]]]())
            DispatchQueue.concurrentPerform(iterations: 4) { thread in
                let order = thread.isMultiple(of: 2) ? graph : graph.reversed()
                let values = order.map { value(of: $0).values }
                results.withLock { $0[thread] = thread.isMultiple(of: 2) ? values : values.reversed() }
            }
            let computed = results.withLock { $0 }
            #expect(computed.count == 4)
            #expect(computed.values.allSatisfy { $0 == expected })
        }
    }

    @Test func buffersReturnToThePoolAndComeBack() {
        let size = 12_345_678  // of a class that nothing else here uses
        let first = Buffer(byteCount: size).pointer
        #expect(Buffer(byteCount: size).pointer == first)
        #expect(Int(bitPattern: first) % 64 == 0)
    }

    @Test func anEmptyBufferIsABuffer() {
        let empty = Buffer(copying: [Float]())
        #expect(empty.byteCount == 0)
        #expect(empty.elements(as: Float.self).isEmpty)
    }

    @Test func borrowedMemoryIsUsedInPlaceAndItsOwnerKept() {
        final class Owner {
            let memory = UnsafeMutablePointer<Float>.allocate(capacity: 2)
            deinit { memory.deallocate() }
        }
        weak var kept: Owner?
        do {
            let owner = Owner()
            kept = owner
            owner.memory[0] = 5
            owner.memory[1] = 6
            let node = Node(
                Buffer(borrowing: owner.memory, byteCount: 8, owner: owner), type: TensorType([2], .float32))
            #expect(value(of: node + node).values == [10, 12])
            #expect(node.value?.pointer == UnsafeMutableRawPointer(owner.memory))
        }
        #expect(kept == nil)
    }
}
