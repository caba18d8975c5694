/// A binary heap: what comes first by `precedes` is taken first.
struct PriorityQueue<Element> {
    private var elements: [Element] = []
    private let precedes: (Element, Element) -> Bool

    init(_ elements: [Element] = [], by precedes: @escaping (Element, Element) -> Bool) {
        self.elements = elements
        self.precedes = precedes
        for index in stride(from: elements.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
    }

    mutating func push(_ element: Element) {
        elements.append(element)
        var index = elements.count - 1
        while index > 0, precedes(elements[index], elements[(index - 1) / 2]) {
            elements.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func pop() -> Element? {
        guard !elements.isEmpty else { return nil }
        elements.swapAt(0, elements.count - 1)
        let first = elements.removeLast()
        siftDown(0)
        return first
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var first = index
            for child in (2 * index + 1)..<(2 * index + 3) where child < elements.count {
                if precedes(elements[child], elements[first]) { first = child }
            }
            if first == index { return }
            elements.swapAt(index, first)
            index = first
        }
    }
}
