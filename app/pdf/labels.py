"""All fixed text of the PDF, in the languages that a checklist can have.

It follows the checklist's languages, not the reader's, so it is separate from the interface
catalogues; the words of statuses, results and verdicts come from app.words. Text written by users
is never translated here.
"""

from __future__ import annotations

from app.pdf.context import PrintedText
from app.words import EXCEPTIONS, JUDGEMENTS, OUTCOMES, REPORT_STATUSES, VERDICTS, WordList

# key: (English, Portuguese); placeholders are %(name)s and must agree, a test compares them.
LABELS: dict[str, tuple[str, str]] = {
    # marks and numbers
    "preview": ("Preview", "Prévia"),
    "preview_note": ("Not completed: may still change", "Não concluído: ainda pode mudar"),
    "report": ("Report", "Relatório"),
    "check": ("Check", "Conferir"),
    "check_here": ("Check this report", "Confira este relatório"),
    "check_code": (
        "QR code of the page that checks this report",
        "Código QR da página que confere este relatório",
    ),
    "replaces": ("Replaces", "Substitui"),
    "version": ("version %(n)s", "versão %(n)s"),
    # the page of changes of a correction
    "changes": ("Changes since %(number)s", "Alterações desde %(number)s"),
    "changes_reason": ("Reason for the correction", "Motivo da correção"),
    "corrected_by": ("Corrected by", "Corrigido por"),
    "changed_version": (
        "Version %(old)s of the checklist was replaced by version %(new)s.",
        "A versão %(old)s do checklist foi substituída pela versão %(new)s.",
    ),
    "no_changes": (
        "No answer and no photo was changed.",
        "Nenhuma resposta e nenhuma foto foi alterada.",
    ),
    "change_old": ("Before", "Antes"),
    "change_new": ("Now", "Agora"),
    "change_who": ("Who and when", "Quem e quando"),
    "change_changed": ("changed", "alterada"),
    "change_added": ("added", "acrescentada"),
    "change_cleared": ("removed", "removida"),
    "change_dropped": (
        "not carried over to the new version",
        "não mantida na nova versão",
    ),
    "change_caption": ("caption of a photo", "legenda de uma foto"),
    "own_data": ("the report's own data", "dados do próprio relatório"),
    "photos_added": ("Photos added", "Fotos acrescentadas"),
    "photos_removed": ("Photos removed", "Fotos removidas"),
    "page": ("Page", "Página"),
    "of": ("of", "de"),
    # cover and details
    "details": ("Report details", "Dados do relatório"),
    "checklist": ("Checklist", "Checklist"),
    "project": ("Project", "Projeto"),
    "client": ("Client", "Cliente"),
    "site": ("Site", "Obra"),
    "radius": ("radius %(distance)s", "raio de %(distance)s"),
    "tax_number": ("Tax\u00a0no.", "CNPJ"),
    "equipment": ("Equipment", "Equipamento"),
    "created": ("Created", "Criado"),
    "started": ("Started", "Iniciado"),
    "submitted": ("Submitted", "Enviado"),
    "completed": ("Completed", "Concluído"),
    "status": ("Status", "Situação"),
    "assigned_to": ("Assigned to", "Atribuído a"),
    "started_by": ("Started by", "Iniciado por"),
    "completed_by": ("Completed by", "Concluído por"),
    "second_logo": ("Second logo", "Segundo logotipo"),
    "information": ("General information", "Informações gerais"),
    "reference_standards": ("Reference standards", "Normas de referência"),
    "planning_requirements": ("Planning requirements", "Requisitos de planejamento"),
    "contents": ("Contents", "Sumário"),
    # result
    "open": ("Not decided yet", "Ainda não definido"),
    "n_questions": ("%(n)s questions", "%(n)s perguntas"),
    "one_n_questions": ("%(n)s question", "%(n)s pergunta"),
    "no": ("No.", "N.º"),
    "is_ok": ("OK?", "OK?"),
    "judgement": ("Judgement", "Avaliação"),
    "question": ("Question", "Pergunta"),
    "questions": ("Questions", "Perguntas"),
    "section": ("Section", "Seção"),
    "sections": ("Sections", "Seções"),
    "result": ("Result", "Resultado"),
    "failures": ("Failed items", "Itens reprovados"),
    "annex": ("Annex: the full record", "Anexo: o registro completo"),
    "annex_intro": (
        "Every question with its answer and its photos. Photos of failed items are printed with "
        "the failed items.",
        "Todas as perguntas com as suas respostas e fotos. As fotos dos itens reprovados estão "
        "junto a esses itens.",
    ),
    "unanswered": ("Not answered", "Sem resposta"),
    "calculated": ("Calculated: %(words)s", "Calculado: %(words)s"),
    "failed_rule": ("Not OK when %(words)s", "Não OK quando %(words)s"),
    # the report's own value next to what was typed: the source of each fact by its name
    "own_and_typed": (
        "%(own)s (%(source)s); as typed in the report: %(typed)s",
        "%(own)s (%(source)s); como digitado no relatório: %(typed)s",
    ),
    "typed_and_own": (
        "as typed in the report; %(source)s: %(own)s",
        "como digitado no relatório; %(source)s: %(own)s",
    ),
    "own_client": ("project", "projeto"),
    "own_project": ("project", "projeto"),
    "own_address": ("project", "projeto"),
    "own_tag": ("equipment", "equipamento"),
    "own_equipment": ("equipment", "equipamento"),
    "own_technician": ("assigned to", "atribuído a"),
    "own_company": ("company", "empresa"),
    "own_report_number": ("report", "relatório"),
    "own_start_date": ("report start date", "data de início do relatório"),
    "typed": ("typed as %(text)s", "digitado como %(text)s"),
    "photos": ("Photos", "Fotos"),
    # exceptions
    "exception": ("Exception", "Exceção"),
    "exceptions": ("Exceptions", "Exceções"),
    "exceptions_intro": (
        "Failed items come first, followed by doubts about photos.",
        "Primeiro os itens reprovados, depois as dúvidas sobre fotos.",
    ),
    "no_failures": (
        "Nothing failed and no value is out of limits.",
        "Nada falhou e nenhum valor está fora dos limites.",
    ),
    "reason": ("Reason", "Motivo"),
    "no_exceptions": ("No exceptions were found.", "Nenhuma exceção foi encontrada."),
    "quarantined_photo": ("Photo in quarantine", "Foto em quarentena"),
    "more_photos": (
        "and %(n)s more photos of this question",
        "e mais %(n)s fotos desta pergunta",
    ),
    "one_more_photos": (
        "and %(n)s more photo of this question",
        "e mais %(n)s foto desta pergunta",
    ),
    "not_applicable": ("Not applicable", "Não aplicável"),
    # questions
    "comment": ("Comment", "Comentário"),
    "point": ("Point", "Ponto"),
    "limits": ("Limits", "Limites"),
    "range": ("%(low)s to %(high)s", "%(low)s a %(high)s"),
    # photos
    "photo": ("Photo", "Foto"),
    "repeat": ("repeated image", "imagem repetida"),
    "damaged": ("damaged", "danificada"),
    "no_time": ("Time unknown", "Horário desconhecido"),
    "no_place": ("No position recorded", "Sem posição registrada"),
    "time_camera": ("camera", "câmera"),
    "time_phone": ("device", "aparelho"),
    "time_receipt": ("received", "recebimento"),
    "place_camera": ("camera", "câmera"),
    "place_browser": ("browser", "navegador"),
    "nearest": ("%(distance)s from %(place)s (GeoNames)", "a %(distance)s de %(place)s (GeoNames)"),
    "from_site": ("%(distance)s from the site", "a %(distance)s da obra"),
    # signatures
    "signatures": ("Signatures", "Assinaturas"),
    "not_signed": ("Not signed", "Não assinado"),
    "void": (
        "Void: the content changed after signing",
        "Sem validade: o conteúdo mudou após a assinatura",
    ),
    "signed_content": ("Content signed", "Conteúdo assinado"),
    # evidence
    "evidence": ("Evidence", "Evidências"),
    "photos_printed": (
        "%(printed)s of %(good)s photos printed",
        "%(printed)s de %(good)s fotos impressas",
    ),
    "one_photos_printed": (
        "%(printed)s of %(good)s photo printed",
        "%(printed)s de %(good)s foto impressa",
    ),
    "quarantined": ("%(n)s in quarantine", "%(n)s em quarentena"),
    "unread": ("%(n)s not read yet", "%(n)s ainda não lidas"),
    "one_unread": ("%(n)s not read yet", "%(n)s ainda não lida"),
    "quarantine": ("Photos in quarantine", "Fotos em quarentena"),
    "quarantine_intro": (
        "Received and kept, but their content cannot be shown.",
        "Recebidas e guardadas, mas seu conteúdo não pode ser exibido.",
    ),
    "technician_reason": ("Technician", "Técnico"),
    "file_notes": ("Notes on the photo files", "Observações sobre os arquivos das fotos"),
    "file_notes_intro": (
        "What the files do not contain, or contain in a form that could not be read.",
        "O que os arquivos não contêm, ou contêm em uma forma que não pôde ser lida.",
    ),
    "photo_trust": ("Origin of the photos", "Origem das fotos"),
    "photo_trust_intro": (
        "What was recorded about each photo besides its content. It is stated, not judged.",
        "O que foi registrado sobre cada foto além do seu conteúdo. É informado, não avaliado.",
    ),
    "imported": ("Imported work", "Trabalho importado"),
    "imported_intro": (
        "A device could not send it, so it was saved there as a file, which an admin imported.",
        "Um aparelho não pôde enviá-lo: foi salvo como arquivo e importado por um administrador.",
    ),
    "entries_imported": (
        "%(n)s entries, imported by %(importer)s",
        "%(n)s entradas, importadas por %(importer)s",
    ),
    "one_entries_imported": (
        "%(n)s entry, imported by %(importer)s",
        "%(n)s entrada, importada por %(importer)s",
    ),
    "reviews": ("Review", "Análise"),
    "review_round": ("Round %(round)s", "Rodada %(round)s"),
    "review_step": ("step %(step)s of %(steps)s", "etapa %(step)s de %(steps)s"),
    "review_approved": ("approved", "aprovado"),
    "review_returned": ("returned", "devolvido"),
    "review_withdrawn": (
        "submitted and withdrawn before the review",
        "enviado e retirado antes da análise",
    ),
    "review_comments": ("%(n)s comments", "%(n)s comentários"),
    "one_review_comments": ("%(n)s comment", "%(n)s comentário"),
    "witness": ("Witness", "Testemunha"),
    "witnesses": ("Witnesses", "Testemunhas"),
    "witness_sent": ("link sent by %(sender)s", "link enviado por %(sender)s"),
    "witness_signed": ("signed", "assinou"),
    "witness_accepted": ("%(n)s items accepted", "%(n)s itens aceitos"),
    "one_witness_accepted": ("%(n)s item accepted", "%(n)s item aceito"),
    "integrity": ("Integrity", "Integridade"),
    "unchanged": (
        "The hashes below let anyone check that a file is unchanged since receipt.",
        "Os hashes abaixo permitem conferir que um arquivo não mudou desde o recebimento.",
    ),
    "snapshot": ("Snapshot", "Registro congelado"),
    "not_frozen": (
        "Generated when the report is completed",
        "Gerado quando o relatório for concluído",
    ),
    "audit_head": (
        "Audit chain head (entry:hash)",
        "Topo da cadeia de auditoria (registro:hash)",
    ),
    "seal": ("Certificate of the seal", "Certificado do selo"),
    "sealed": (
        "This file is sealed: any change to it shows.",
        "Este arquivo é selado: qualquer alteração aparece.",
    ),
    "attached": ("Attached to this file", "Anexos deste arquivo"),
    "attached_files": (
        "Snapshot, photo hashes, audit entries",
        "Registro congelado, hashes das fotos, entradas de auditoria",
    ),
    "made_by": ("Generated by", "Gerado por"),
    "place_names": ("Place names", "Nomes de lugares"),
    "below_photos": ("Below each photo", "Abaixo de cada foto"),
    "photo_hashes": ("Photos as received (SHA-256)", "Fotos como recebidas (SHA-256)"),
}

COLUMNS = {"en": 0, "pt": 1}
# Words that pages use too, by their key here. "Photo in quarantine" stays above: the PDF prints it
# so, while pages say "Quarantined photo". So do the sources of a photo's time and place, which have
# less room on paper.
SHARED: dict[str, tuple[WordList, str]] = {
    **{f"status_{one}": (REPORT_STATUSES, one) for one in REPORT_STATUSES.english},
    **{one: (words, one) for words in (OUTCOMES, VERDICTS) for one in words.english},
    **{one: (EXCEPTIONS, one) for one in EXCEPTIONS.english if one != "quarantined_photo"},
    "in": (JUDGEMENTS, "in_limits"),
    "out": (JUDGEMENTS, "out_of_limits"),
}


class Labels:
    """The fixed text in a report's languages ('en', 'pt'; one or two). Raises KeyError."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        self.languages = languages

    def first(self, key: str, **values: object) -> str:
        """The text in the first language, with %(name)s filled from `values`."""
        return self._in(self.languages[0], key, values)

    def both(self, key: str, **values: object) -> PrintedText:
        """The text in both languages; the second is None if it is the same."""
        first = self.first(key, **values)
        if len(self.languages) < 2:
            return PrintedText(first)
        second = self._in(self.languages[1], key, values)
        return PrintedText(first, second if second != first else None)

    def counted(self, key: str, *, by: str = "n", **values: object) -> PrintedText:
        """Like `both`, in the singular if the value `by` is one."""
        return self.both(f"one_{key}" if values[by] == 1 else key, **values)

    @staticmethod
    def _in(language: str, key: str, values: dict[str, object]) -> str:
        if key in SHARED:
            word_list, member = SHARED[key]
            return word_list.word_in(member, language)
        words = LABELS[key][COLUMNS[language]]
        return words % values if values else words
