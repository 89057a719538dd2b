"""Every fixed word of the PDF, in the languages a checklist can have.

These follow the checklist's languages, not the reader's account, so they stand apart from the
interface catalogues. Words that users wrote never pass through here.
"""

from __future__ import annotations

from app.pdf.context import Words

# key: (English, Portuguese); placeholders are %(name)s and must agree, a test compares them.
LABELS: dict[str, tuple[str, str]] = {
    # marks and numbers
    "preview": ("Preview", "Prévia"),
    "preview_note": ("Not completed: may still change", "Não concluído: ainda pode mudar"),
    "report": ("Report", "Relatório"),
    "replaces": ("Replaces", "Substitui"),
    "version": ("version %(n)s", "versão %(n)s"),
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
    "status_draft": ("Draft", "Rascunho"),
    "status_in_progress": ("In progress", "Em andamento"),
    "status_submitted": ("Submitted", "Enviado"),
    "status_completed": ("Completed", "Concluído"),
    "status_archived": ("Archived", "Arquivado"),
    "assigned_to": ("Assigned to", "Atribuído a"),
    "started_by": ("Started by", "Iniciado por"),
    "completed_by": ("Completed by", "Concluído por"),
    "second_logo": ("Second logo", "Segundo logotipo"),
    "information": ("General information", "Informações gerais"),
    "reference_standards": ("Reference standards", "Normas de referência"),
    "planning_requirements": ("Planning requirements", "Requisitos de planejamento"),
    "contents": ("Contents", "Sumário"),
    # result
    "passed": ("Passed", "Aprovado"),
    "passed_with_remarks": ("Passed with remarks", "Aprovado com ressalvas"),
    "failed": ("Failed", "Reprovado"),
    "open": ("Not decided yet", "Ainda não definido"),
    "ok": ("OK", "OK"),
    "not_ok": ("Not OK", "Não OK"),
    "na": ("N.A.", "N.A."),
    "n_questions": ("%(n)s questions", "%(n)s perguntas"),
    "one_n_questions": ("%(n)s question", "%(n)s pergunta"),
    "question": ("Question", "Pergunta"),
    "out_of_limits": ("Out of limits", "Fora dos limites"),
    "unanswered": ("Not answered", "Sem resposta"),
    # what the report itself says beside what was typed: the source of each fact by its name
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
    "own_start_date": ("start of the report", "início do relatório"),
    "typed": ("typed %(text)s", "digitado %(text)s"),
    "photos": ("Photos", "Fotos"),
    # exceptions
    "exception": ("Exception", "Exceção"),
    "exceptions": ("Exceptions", "Exceções"),
    "exceptions_intro": (
        "What failed comes first; doubts about photos follow.",
        "Primeiro o que falhou; depois as dúvidas sobre fotos.",
    ),
    "no_failures": (
        "Nothing failed and no value is out of limits.",
        "Nada falhou e nenhum valor está fora dos limites.",
    ),
    "reason": ("Reason", "Motivo"),
    "no_exceptions": ("No exceptions were found.", "Nenhuma exceção foi encontrada."),
    "quarantined_photo": ("Photo in quarantine", "Foto em quarentena"),
    "damaged_photo": ("Damaged photo", "Foto danificada"),
    "clocks_disagree": ("Clocks disagree", "Relógios divergem"),
    "places_disagree": ("Places disagree", "Locais divergem"),
    "far_from_site": ("Far from the site", "Longe da obra"),
    "not_applicable": ("Not applicable", "Não aplicável"),
    # questions
    "comment": ("Comment", "Comentário"),
    "point": ("Point", "Ponto"),
    "limits": ("Limits", "Limites"),
    "in": ("Within limits", "Dentro dos limites"),
    "out": ("Out of limits", "Fora dos limites"),
    "range": ("%(low)s to %(high)s", "%(low)s a %(high)s"),
    # photos
    "photo": ("Photo", "Foto"),
    "repeat": ("repeated picture", "imagem repetida"),
    "damaged": ("damaged", "danificada"),
    "no_time": ("Time unknown", "Horário desconhecido"),
    "no_place": ("No position recorded", "Sem posição registrada"),
    "time_camera": ("camera", "câmera"),
    "time_phone": ("phone", "celular"),
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
        "Received and kept, but their pixels cannot be shown.",
        "Recebidas e guardadas, mas seus pixels não podem ser exibidos.",
    ),
    "technician_reason": ("Technician", "Técnico"),
    "file_notes": ("Notes on the photo files", "Observações sobre os arquivos das fotos"),
    "file_notes_intro": (
        "What the files themselves do not say, or say in a way that could not be read.",
        "O que os próprios arquivos não dizem, ou dizem de um modo que não pôde ser lido.",
    ),
    "integrity": ("Integrity", "Integridade"),
    "unchanged": (
        "The hashes below let anyone check that a file is unchanged since receipt.",
        "Os hashes abaixo permitem conferir que um arquivo não mudou desde o recebimento.",
    ),
    "snapshot": ("Snapshot", "Registro congelado"),
    "not_frozen": (
        "Made when the report is completed",
        "Gerado quando o relatório for concluído",
    ),
    "audit_head": ("Audit chain head", "Topo da cadeia de auditoria"),
    "made_by": ("Made by", "Gerado por"),
    "place_names": ("Place names", "Nomes de lugares"),
    "photo_hashes": ("Photos as received (SHA-256)", "Fotos como recebidas (SHA-256)"),
}

COLUMNS = {"en": 0, "pt": 1}


class Labels:
    """The fixed words in a report's languages ('en', 'pt'; one or two). Unknown keys raise."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        self.languages = languages

    def first(self, key: str, **values: object) -> str:
        """The words in the first language, with %(name)s filled from `values`."""
        return self._in(self.languages[0], key, values)

    def both(self, key: str, **values: object) -> Words:
        """The words in both languages; the second is None where it would only repeat."""
        first = self.first(key, **values)
        if len(self.languages) < 2:
            return Words(first)
        second = self._in(self.languages[1], key, values)
        return Words(first, second if second != first else None)

    def counted(self, key: str, *, by: str = "n", **values: object) -> Words:
        """As `both`, in the form for one where the value `by` is one."""
        return self.both(f"one_{key}" if values[by] == 1 else key, **values)

    @staticmethod
    def _in(language: str, key: str, values: dict[str, object]) -> str:
        words = LABELS[key][COLUMNS[language]]
        return words % values if values else words
