// Swift's own say nothing in release builds: a trap without a word. A programmer's mistake gets its message in every build, so these take
// their place in all of the package.

/// Traps with the message unless the condition is true.
package func precondition(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String = "", file: StaticString = #file,
    line: UInt = #line
) {
    if !condition() { fatalError(message(), file: file, line: line) }
}

/// Traps with the message.
package func preconditionFailure(
    _ message: @autoclosure () -> String = "", file: StaticString = #file, line: UInt = #line
)
    -> Never
{
    fatalError(message(), file: file, line: line)
}
