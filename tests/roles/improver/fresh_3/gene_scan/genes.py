"""Scans genes. Written by a biologist who came from Java."""

import decimal  # planted: unused-import


def codonWeight(codon):  # planted: repeated-computation
    weight = 1
    k = 0
    while k < 40:
        for letter in codon:
            weight = (weight * 33 + ord(letter) + k) % 65521
        k = k + 1
    return weight


class GeneScanner(object):
    def __init__(self):
        self.complement = {"A": "T", "C": "G", "G": "C", "T": "A", "N": "N", "U": "A"}  # planted: table-per-instance

    def reverseComplement(self, strand):
        result = ""
        i = len(strand) - 1
        while i >= 0:
            result = result + self.complement[strand[i]]
            i = i - 1
        return result

    def distinctCodons(self, strand):
        codons = []
        i = 0
        while i + 3 <= len(strand):
            codon = strand[i:i + 3]
            if codon not in codons:  # planted: list-membership
                codons.append(codon)
            i = i + 3
        return codons

    def findMotifs(self, strand, motifs):
        positions = []
        for motif in motifs:
            i = strand.find(motif)
            while i >= 0:
                positions = positions + [i]  # planted: concatenation
                i = strand.find(motif, i + 1)
        return positions

    def weights(self, strand):
        total = 0
        for i in range(0, len(strand) - 2):
            total += codonWeight(strand[i:i + 3])
        return total
