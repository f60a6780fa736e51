_S = "".join("ACGT"[(i * i + i // 3) % 4] for i in range(900))
CALLS = [("genes:GeneScanner.findMotifs", [_S, ["ACG", "TTA", "GGG"]]), ("genes:GeneScanner.reverseComplement", [_S]), ("genes:GeneScanner.distinctCodons", [_S]), ("genes:GeneScanner.distinctCodons", [""]), ("genes:GeneScanner.weights", [_S[:300]])]
CONSTRUCT = {"genes:GeneScanner": []}
TESTS = '''
import genes
def test_reverse():
    assert genes.GeneScanner().reverseComplement("AAC") == "GTT"
def test_codons():
    assert genes.GeneScanner().distinctCodons("AAAAAAC") == ["AAA"]
'''
