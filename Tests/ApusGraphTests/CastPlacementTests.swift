import ApusGraph
import ApusReference
import Testing

/// Casts to and from 16-bit floats move beside arithmetic.
@Suite struct CastPlacementTests {
    private let x = tensor([2, 6], [1, -2, 3, 4, 5, 6, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7])

    private func operations(_ program: Program) -> [Operation] { program.instructions.map(\.operation) }

    private func placed(_ writer: ProgramWriter, returning output: Int) throws -> [Operation] {
        let program = try writer.rewritten(returning: [output], on: [x]) {
            $0.withCastsBesideArithmetic().simplified()
        }
        return operations(program)
    }

    @Test func narrowingGoesInFrontOfMovements() throws {
        var writer = ProgramWriter(x.type)
        let y = try writer.add(.unary(.exp), 0)
        let rows = try writer.add(.reshape([3, 4]), y)
        let columns = try writer.add(.transpose([1, 0]), rows)
        let narrow = try writer.add(.cast(.bfloat16), columns)
        let found = try placed(writer, returning: narrow)
        #expect(found == [.unary(.exp), .cast(.bfloat16), .reshape([3, 4]), .transpose([1, 0])])
    }

    @Test func wideningGoesBehindMovementsAndVanishesBeforeNarrowing() throws {
        var writer = ProgramWriter(x.type)
        let wide = try writer.add(.cast(.float32), try writer.add(.cast(.bfloat16), 0))
        let half = SliceRange(start: 0, count: 3)
        let left = try writer.add(.slice([SliceRange(start: 0, count: 2), half]), wide)
        let right = try writer.add(.slice([SliceRange(start: 0, count: 2), SliceRange(start: 3, count: 3)]), wide)
        let joined = try writer.add(.concatenate(axis: 0), left, right)
        let sum = try writer.add(.unary(.exp), joined)
        #expect(operations(writer.program).count == 6)
        let found = try placed(writer, returning: sum)
        #expect(Array(found.suffix(3)) == [.concatenate(axis: 0), .cast(.float32), .unary(.exp)])

        let narrow = try writer.add(.cast(.bfloat16), joined)
        let moved = try placed(writer, returning: narrow)
        #expect(moved.filter { if case .cast = $0 { true } else { false } } == [.cast(.bfloat16)])
    }

    @Test func othersStayWhereTheyAre() throws {
        var writer = ProgramWriter(x.type)
        let row = try writer.add(.slice([SliceRange(start: 0, count: 1), SliceRange(start: 0, count: 6)]), 0)
        let narrow = try writer.add(.cast(.bfloat16), row)
        #expect(try placed(writer, returning: narrow) == operations(writer.program), "the cast of a part is less work")
    }
}
