import ApusGraph
import ApusReference
import Testing

@Suite struct SimplifyTests {
    private let x = tensor([2, 3], [1, -2, 3, 4, 5, 6])

    @Test func equalInstructionsAreComputedOnce() throws {
        var builder = ProgramWriter(x.type)
        let (a, b) = (try builder.add(.unary(.exp), 0), try builder.add(.unary(.exp), 0))
        let (c, d) = (try builder.add(.unary(.negate), a), try builder.add(.unary(.negate), b))
        let sum = try builder.add(.binary(.add), c, d)
        let program = try builder.simplified(returning: sum, on: x)
        #expect(program.instructions.map(\.operation) == [.unary(.exp), .unary(.negate), .binary(.add)])
        #expect(program.instructions[2].operands == [2, 2])
    }

    @Test func whatNoOutputNeedsIsGone() throws {
        var builder = ProgramWriter(x.type, x.type)
        let dead = try builder.add(.unary(.exp), 1)
        _ = try builder.add(.unary(.log), dead)
        let live = try builder.add(.unary(.negate), 0)
        let program = try builder.simplified(returning: live, on: x, x)
        #expect(program.instructions.map(\.operation) == [.unary(.negate)])
        #expect(program.inputs.count == 2, "inputs stay, so that callers need not change")
    }

    @Test(
        arguments: [
            .reshape([2, 3]), .broadcast([2, 3]), .cast(.float32), .transpose([0, 1]), .reduce(.sum, axes: []),
            .reverse(axes: []), .concatenate(axis: 0), .variable, .stopGradient,
            .slice([SliceRange(start: 0, count: 2), SliceRange(start: 0, count: 3)]),
        ] as [Operation])
    func identitiesAreLookedThrough(_ operation: Operation) throws {
        var builder = ProgramWriter(x.type)
        let same = try builder.add(operation, 0)
        let program = try builder.simplified(returning: same, on: x)
        #expect(program.instructions.isEmpty)
        #expect(program.outputs == [0])
    }

    @Test(
        arguments: [
            .slice([SliceRange(start: 1, count: 2, step: -1), SliceRange(start: 0, count: 3)]), .reverse(axes: [0]),
            .transpose([1, 0]), .cast(.int32), .reduce(.sum, axes: [0]),
        ] as [Operation])
    func whatChangesSomethingStays(_ operation: Operation) throws {
        var builder = ProgramWriter(x.type)
        let changed = try builder.add(operation, 0)
        #expect(try builder.simplified(returning: changed, on: x).instructions.count == 1)
    }

    @Test func twoMovementsBecomeOne() throws {
        let cube = counting([2, 3, 4])
        var builder = ProgramWriter(cube.type)
        let turned = try builder.add(.transpose([2, 0, 1]), 0)
        let again = try builder.add(.transpose([0, 2, 1]), turned)
        let flat = try builder.add(.reshape([24]), again)
        let shaped = try builder.add(.reshape([6, 4]), flat)
        let repeated = try builder.add(.broadcast([2, 6, 4]), shaped)
        let wide = try builder.add(.broadcast([3, 2, 6, 4]), repeated)
        let program = try builder.simplified(returning: wide, on: cube)
        #expect(
            program.instructions.map(\.operation) == [
                .transpose([2, 1, 0]), .reshape([6, 4]), .broadcast([3, 2, 6, 4]),
            ]
        )
    }

    @Test func slicesReachThroughPaddingAndConcatenation() throws {
        func columns(_ start: Int, _ count: Int, step: Int = 1) -> Operation {
            .slice([SliceRange(start: 0, count: 2), SliceRange(start: start, count: count, step: step)])
        }
        var builder = ProgramWriter(x.type, TensorType([], .float32))
        let padded = try builder.add(.pad(low: [0, 2], high: [0, 4]), 0, 1)  // (2, 9)
        let joined = try builder.add(.concatenate(axis: 1), padded, 0)  // (2, 12)
        let whole = try builder.add(columns(2, 3), joined)
        let backward = try builder.add(columns(4, 2, step: -2), joined)
        let padding = try builder.add(columns(5, 4), joined)
        let across = try builder.add(columns(1, 3), padded)
        let zero = tensor([], [7])
        #expect(try builder.simplified(returning: whole, on: x, zero).instructions.isEmpty)
        #expect(
            try builder.simplified(returning: backward, on: x, zero).instructions.map(\.operation)
                == [columns(2, 2, step: -2)])
        #expect(
            try builder.simplified(returning: padding, on: x, zero).instructions.map(\.operation) == [
                .broadcast([2, 4])
            ])
        #expect(try builder.simplified(returning: across, on: x, zero).instructions.count == 2)
    }

    @Test func thereAndBackIsNothing() throws {
        var builder = ProgramWriter(x.type)
        let back = try builder.add(.transpose([1, 0]), try builder.add(.transpose([1, 0]), 0))
        let shaped = try builder.add(.reshape([2, 3]), try builder.add(.reshape([6]), back))
        #expect(try builder.simplified(returning: shaped, on: x).instructions.isEmpty)
    }

    @Test func whatIsBehindABarrierIsNotShared() throws {
        var builder = ProgramWriter(x.type)
        let (a, b) = (try builder.add(.barrier, 0), try builder.add(.barrier, 0))
        let (c, d) = (try builder.add(.unary(.exp), a), try builder.add(.unary(.exp), b))
        let sum = try builder.add(.binary(.add), c, d)
        #expect(try builder.simplified(returning: sum, on: x).instructions.count == 5)
    }

    @Test func oneOutputAskedForTwice() throws {
        var builder = ProgramWriter(x.type)
        let (a, b) = (try builder.add(.unary(.absolute), 0), try builder.add(.unary(.absolute), 0))
        let program = try builder.simplified(returning: a, b, 0, a, on: x)
        #expect(program.outputs == [1, 1, 0, 1])
    }

    @Test func rulesOfCustomGradientsDoNotSplitPrograms() {
        let first = Operation.customGradient(CustomGradient { _, gradient in [gradient] })
        let second = Operation.customGradient(CustomGradient { _, _ in [nil] })
        #expect(first == second)
        #expect(first.hashValue == second.hashValue)
    }
}
