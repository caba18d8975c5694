/// Tokens that stand for no text, by the numbers that they have in our sequence-to-sequence systems.
public enum SpecialToken {
    /// Fills rows up to one length.
    public static let padding = 0
    /// Stands before a sequence.
    public static let begin = 1
    /// Stands behind a sequence.
    public static let end = 2

    /// Their names in a tokenizer, in the order of their numbers.
    public static let names = ["<pad>", "<s>", "</s>"]
}
